//! What a site may ask for, send or lead to, and where it ends.

use super::*;

/// A week after [`DAY_1`].
const WEEK_LATER: &str = "2024-07-09 12:00:00";

/// A site whose list or `robots.txt` asks for a pause.
fn pausing(of_robots: Option<&str>, of_list: Option<&str>) -> Site {
    let (of_robots, of_list) = (of_robots.map(str::to_owned), of_list.map(str::to_owned));
    Site::serve(move |path, _| match (path, &of_robots, &of_list) {
        ("/robots.txt", Some(robots), _) if robots.starts_with("Retry-After") => {
            answer("429 Too Many Requests", &format!("{robots}\r\n"), b"")
        }
        ("/robots.txt", Some(robots), _) => ok(robots),
        ("/list", _, Some(header)) => answer("503 Service Unavailable", &format!("{header}\r\n"), b""),
        ("/list", ..) => ok(&list_page(&["/d"])),
        ("/d", ..) => ok(&detail_page("起火")),
        _ => missing(),
    })
}

#[test]
fn no_pause_that_a_host_asks_for_ends_the_round_by_a_panic_or_lasts_longer_than_a_week() {
    let list = |header| (None, Some(header));
    let robots = |text| (Some(text), None);
    for (of_robots, of_list) in [
        list("Retry-After: 99999999999"),
        list("Retry-After: 18446744073709551615"),
        list("Retry-After: 99999999999999999999999999"),
        list("Retry-After: Thu, 30 Dec 9999 12:00:00 GMT"),
        list("Date: Mon, 01 Jan 0001 00:00:00 GMT\r\nRetry-After: Thu, 30 Dec 9999 12:00:00 GMT"),
        robots("Retry-After: 99999999999"),
        robots("User-agent: *\nCrawl-delay: 1000000000000\n"),
        robots("User-agent: *\nCrawl-delay: 1e300\n"),
        robots("User-agent: *\nCrawl-delay: inf\n"),
    ] {
        let site = pausing(of_robots, of_list);
        let (world, sink, recipe) = (World::new(|_| {}), Memory::default(), recipe(&site, HTML));
        let round = world.round(&recipe, DAY_1, &sink);
        let told = format!("{of_robots:?} {of_list:?}: {round:?}");
        assert!(round.stopped.as_deref().is_some_and(|why| why.contains("left alone for")), "{told}");
        let longest = moment(WEEK_LATER);
        assert!(round.due_at <= longest && round.due_at > moment("2024-07-09 11:59:00"), "{told}");
        assert!(round.problems[0].to_string().contains("ask the site's operator"), "{told}");
        // Somebody is told, and the pause ends by itself.
        let look = world.runtime.block_on(world.collector.health(&recipe, moment(DAY_2))).unwrap();
        assert!(matches!(look.troubles[..], [.., Trouble::LongPause { hours: 167..=168 }, _]), "{told} {look:?}");
        let due = |at| world.runtime.block_on(world.collector.is_due(&recipe, at)).unwrap();
        assert!(!due(moment(DAY_2)) && due(longest), "{told}");
    }
}

#[test]
fn numbers_that_are_no_pause_are_none() {
    for (of_robots, of_list) in [
        (Some("User-agent: *\nCrawl-delay: -1\n"), None),
        (Some("User-agent: *\nCrawl-delay: NaN\n"), None),
        (Some("User-agent: *\nCrawl-delay: soon\n"), None),
        (Some("User-agent: *\nCrawl-delay: 1e-300\n"), None),
    ] {
        let site = pausing(of_robots, of_list);
        let (world, sink) = (World::new(|_| {}), Memory::default());
        assert_eq!(world.round(&recipe(&site, HTML), DAY_1, &sink).kept, 1, "{of_robots:?}");
    }
}

#[test]
fn a_due_moment_from_before_pauses_had_a_bound_does_not_silence_a_source_for_ever() {
    let site = pausing(None, None);
    let (world, recipe) = (World::new(|_| {}), recipe(&site, HTML));
    world.round(&recipe, DAY_1, &Memory::default());
    let (mark, far) = (store::frontier::RoundMark::default(), moment("2343-10-14"));
    world.runtime.block_on(world.collector.frontier().mark_round(&recipe.id, moment(DAY_1), far, &mark)).unwrap();
    let due = |at| world.runtime.block_on(world.collector.is_due(&recipe, at)).unwrap();
    assert!(!due(moment(DAY_2)));
    assert!(due(moment(WEEK_LATER)));
}

/// Two tenants of one name and port: `one` asks for a pause, `two` does not.
fn tenants(pause: &'static str) -> Site {
    Site::serve(move |path, head| {
        let port = head.lines().find_map(|line| line.strip_prefix("host: ")?.rsplit(':').next()).unwrap_or_default();
        let one = head.contains("host: one.");
        match path {
            "/list" => ok(&list_page(&[&format!("http://one.shop.example:{port}/a"), "/b"])),
            "/robots.txt" if one && pause.starts_with("User-agent") => ok(pause),
            "/a" if one => answer("429 Too Many Requests", &format!("{pause}\r\n"), b""),
            "/b" => ok(&detail_page("漏电")),
            _ => missing(),
        }
    })
}

#[test]
fn a_pause_of_one_tenant_does_not_silence_its_neighbours() {
    for pause in ["Retry-After: 99999999999", "User-agent: *\nCrawl-delay: 99999999999\n"] {
        let site = tenants(pause);
        let text = format!(
            "id = \"two\"\nname = \"二\"\nchannel = \"complaint\"\nstart = [\"http://two.shop.example:{}/list\"]\n\
             hosts = [\"shop.example\"]\nallow_loopback = true\nrate.min_interval_ms = 1\nschedule.every = \"30m\"\n{HTML}",
            site.port
        );
        let (world, sink) = (World::at_home(), Memory::default());
        let recipe = Recipe::parse(&text, "two.toml").unwrap();
        let round = world.round(&recipe, DAY_1, &sink);
        assert_eq!(round.kept, 1, "{pause}: {round:?}");
        assert!(
            round.stopped.as_deref().is_some_and(|why| why.contains("one.shop.example is left alone")),
            "{round:?}"
        );
        assert_eq!(round.due_at, moment("2024-07-02 12:30:00"), "its own list is asked as planned: {round:?}");
        let asked = site.asked().iter().filter(|path| *path == "/a").count();
        world.round(&recipe, "2024-07-02 12:30:00", &sink);
        let again = site.asked().iter().filter(|path| *path == "/a").count();
        assert_eq!(asked, again, "{pause}: the tenant that asked for a pause has it");
    }
}

#[test]
fn a_redirect_to_a_host_that_the_recipe_does_not_name_is_refused_with_how_to_allow_it() {
    let site = |of_robots: bool| {
        Site::serve(move |path, head| {
            let port =
                head.lines().find_map(|line| line.strip_prefix("host: ")?.rsplit(':').next()).unwrap_or_default();
            let to = |path: &str| answer("302 Found", &format!("Location: http://localhost:{port}{path}\r\n"), b"");
            match path {
                "/robots.txt" if of_robots && head.contains("host: 127") => to("/robots.txt"),
                "/list" => ok(&list_page(&["/go", "/d"])),
                "/go" => to("/planted"),
                "/planted" => ok(&detail_page("别人的话")),
                "/d" => ok(&detail_page("起火")),
                _ => missing(),
            }
        })
    };
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let of_page = site(false);
    let round = world.round(&recipe(&of_page, HTML), DAY_1, &sink);
    assert_eq!((round.kept, round.rejected), (1, 1), "{round:?}");
    assert!(round.rejects[0].reason.contains("another host `localhost`"), "{round:?}");
    let told = round.problems.iter().map(ToString::to_string).collect::<String>();
    assert!(told.contains("add its host to `hosts`"), "{told}");
    assert!(!of_page.asked().iter().any(|path| path == "/planted"), "asked all the same");

    let of_robots = site(true);
    let round = world.round(&recipe(&of_robots, HTML), DAY_1, &sink);
    assert!(
        round.stopped.as_deref().is_some_and(|why| why.contains("redirects to another host `localhost`")),
        "{round:?}"
    );
    assert_eq!(of_robots.asked(), ["/robots.txt"], "asked once and not followed");

    // Named, both are followed.
    let named = |site: &Site| recipe(site, &format!("hosts = [\"localhost\"]\n{HTML}"));
    for of_robots in [false, true] {
        let (world, sink) = (World::new(|_| {}), Memory::default());
        assert_eq!(world.round(&named(&site(of_robots)), DAY_1, &sink).kept, 2, "{of_robots}");
    }
}

/// Answers every request but that for `robots.txt` with interim heads without an end; counts those requests.
fn endless() -> (Site, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (mut stream, count) = (stream, Arc::clone(&count));
            std::thread::spawn(move || {
                let (mut head, mut byte) = (Vec::new(), [0]);
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
                    head.push(byte[0]);
                }
                if head.starts_with(b"GET /robots.txt") {
                    let _ = stream.write_all(&missing());
                    return;
                }
                count.fetch_add(1, Ordering::SeqCst);
                // Not as fast as can be: the client is not to be measured.
                while stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").is_ok() {
                    std::thread::sleep(Duration::from_millis(1));
                }
            });
        }
    });
    (Site { port, asked: Arc::default() }, asked)
}

#[test]
fn heads_without_an_end_before_an_answer_are_given_up_and_not_asked_for_again() {
    let (site, asked) = endless();
    let (world, sink) = (World::new(|settings| settings.head_timeout = Duration::from_millis(300)), Memory::default());
    let round = world.round(&recipe(&site, HTML), DAY_1, &sink);
    assert!(round.problems[0].detail.contains("out of time"), "{round:?}");
    assert_eq!(asked.load(Ordering::SeqCst), 1, "{round:?}");
}

#[test]
fn a_redirect_longer_than_an_address_may_be_is_not_followed_and_a_long_validator_not_kept() {
    let long = "x".repeat(20_000);
    let (to, etag) = (format!("Location: /{long}\r\n"), format!("ETag: \"{long}\"\r\n"));
    let site = Site::serve(move |path, _| match path {
        "/list" => ok(&list_page(&["/go", "/d"])),
        "/go" => answer("302 Found", &to, b""),
        "/d" => answer("200 OK", &etag, detail_page("起火").as_bytes()),
        _ => missing(),
    });
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let recipe = recipe(&site, &format!("refetch.after = \"1h\"\n{HTML}"));
    let round = world.round(&recipe, DAY_1, &sink);
    assert_eq!((round.kept, round.rejects[0].reason.as_str()), (1, "redirect without a usable address"), "{round:?}");
    let url = format!("http://127.0.0.1:{}/d", site.port);
    let known = world.runtime.block_on(world.collector.frontier().discover(
        &recipe.id,
        &[(url, vocabulary::Meta::default())],
        moment(DAY_2),
    ));
    assert_eq!(known.unwrap()[0].etag, None);
}

#[test]
fn a_robots_txt_that_leads_inside_or_elsewhere_is_asked_for_once_an_hour_however_many_pages_wait() {
    for target in ["http://169.254.169.254/robots.txt", "http://10.0.0.1/", "http://elsewhere.example/robots.txt"] {
        let site = Site::serve(move |path, _| match path {
            "/robots.txt" => answer("302 Found", &format!("Location: {target}\r\n"), b""),
            _ => ok(&list_page(&["/d"])),
        });
        let world = World::new(|_| {});
        let recipe = recipe_from(&site, &["/1", "/2", "/3", "/4", "/5"], HTML);
        let robots = || site.asked().iter().filter(|path| *path == "/robots.txt").count();
        for (at, asked) in [
            ("2024-07-02 12:00:00", 1),
            ("2024-07-02 12:30:00", 1),
            ("2024-07-02 12:59:00", 1),
            ("2024-07-02 13:00:00", 2),
            ("2024-07-02 13:59:00", 2),
        ] {
            let round = world.round(&recipe, at, &Memory::default());
            assert_eq!(robots(), asked, "{target} at {at}: {:?}", site.asked());
            assert!(round.stopped.as_deref().is_some_and(|why| why.contains("robots.txt redirects to")), "{round:?}");
        }
        assert!(site.asked().iter().all(|path| path == "/robots.txt"), "nothing is taken as leave: {:?}", site.asked());
    }
}

/// A list with three pages.
fn three_pages() -> Site {
    Site::serve(|path, _| match path {
        "/list" => ok(&list_page(&["/1", "/2", "/3"])),
        "/1" | "/2" | "/3" => ok(&detail_page(&format!("起火 {path}"))),
        _ => missing(),
    })
}

#[test]
fn a_round_that_takes_too_long_is_stopped_and_the_next_one_fetches_the_rest() {
    let site = three_pages();
    let (world, sink) = (World::new(|settings| settings.round_time_max = Duration::ZERO), Memory::default());
    let round = world.round(&recipe(&site, HTML), DAY_1, &sink);
    assert_eq!((round.kept, site.asked().len()), (0, 0), "{round:?}");
    assert!(round.stopped.as_deref().is_some_and(|why| why.contains("minutes, the rest waits")), "{round:?}");
    let World { dir, runtime, collector, .. } = world;
    drop((collector, runtime));
    let world = World::open(dir, CollectorSettings::default());
    let round = world.round(&recipe(&site, HTML), DAY_2, &sink);
    assert_eq!((round.kept, round.stopped), (3, None));
}

/// Breaks in the middle of its work, as a mistake in this program would.
struct Broken;

#[async_trait]
impl Sink for Broken {
    async fn put(&self, _: Vec<Document>) -> Result<Vec<Outcome>, SinkError> {
        panic!("nobody thought of this")
    }
}

#[test]
fn a_mistake_of_this_program_stops_one_round_and_the_next_one_fetches_what_it_left() {
    let site = three_pages();
    let world = World::new(|_| {});
    let recipe = recipe(&site, HTML);
    let round = world.runtime.block_on(world.collector.round(&recipe, moment(DAY_1), &Broken)).unwrap();
    let why = round.stopped.as_deref().unwrap_or_default();
    assert!(why.contains("a mistake in this program ended the round (nobody thought of this)"), "{round:?}");
    assert!(round.kept == 0 && round.intake().reconciles() && round.due_at > moment(DAY_1), "{round:?}");
    let round = world.round(&recipe, DAY_2, &Memory::default());
    assert_eq!((round.kept, round.stopped), (3, None));
}

#[test]
fn a_source_last_asked_in_the_future_is_due() {
    let site = three_pages();
    let (world, sink, recipe) = (World::new(|_| {}), Memory::default(), recipe(&site, HTML));
    let due = |at| world.runtime.block_on(world.collector.is_due(&recipe, moment(at))).unwrap();
    world.round(&recipe, "2034-07-02 12:00:00", &sink);
    assert!(due(DAY_1), "the clock was ten years ahead");
    world.round(&recipe, DAY_1, &sink);
    assert!(!due(DAY_1) && due(DAY_2));
}
