//! `robots.txt` over time, and where it may lead.

use super::*;

/// A recipe whose `robots.txt` may lead to these hosts, too.
fn recipe_within(site: &Site, hosts: &str) -> Recipe {
    recipe(site, &format!("hosts = [{hosts}]\n{HTML}"))
}

/// A site whose `robots.txt` leads somewhere else, and allows nothing there.
fn leading_to(target: String) -> Site {
    Site::serve(move |path, _| match path {
        "/robots.txt" => answer("302 Found", &format!("Location: {target}\r\n"), b""),
        "/list" => ok(&list_page(&["/d"])),
        "/d" => ok(&detail_page("起火")),
        _ => missing(),
    })
}

/// The address inside is refused, and answers: nothing but the check keeps the crawler from it.
#[test]
fn robots_txt_leads_to_no_address_inside_though_somebody_listens_there() {
    let inside = Site::serve(|_, _| ok("User-agent: *\nAllow: /\n"));
    let there = format!("0.0.0.0:{}", inside.port);
    assert!(std::net::TcpStream::connect(&there).is_ok(), "somebody listens there");
    for target in [format!("http://{there}/robots.txt"), format!("http://[::ffff:0.0.0.0]:{}/r", inside.port)] {
        let site = leading_to(target.clone());
        let (world, sink) = (World::new(|_| {}), Memory::default());
        let named = recipe_within(&site, "\"0.0.0.0\", \"[::ffff:0:0]\"");
        let round = world.round(&named, DAY_1, &sink);
        let asked: Vec<String> = inside.asked().into_iter().filter(|path| !path.is_empty()).collect();
        assert_eq!((asked, round.kept), (Vec::new(), 0), "{target}: {round:?}");
        assert!(round.problems[0].detail.contains("private, loopback or link-local"), "{target}: {round:?}");
        assert_eq!(site.asked(), ["/robots.txt"], "{target}: what may be asked is not known");
    }
}

#[test]
fn robots_txt_leads_to_no_host_that_the_recipe_does_not_name() {
    let other = Site::serve(|_, _| ok("User-agent: *\nAllow: /\n"));
    let site = leading_to(format!("http://localhost:{}/robots.txt", other.port));
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let round = world.round(&recipe(&site, HTML), DAY_1, &sink);
    assert_eq!((other.asked(), round.kept), (Vec::<String>::new(), 0), "{round:?}");
    let named = recipe_within(&site, "\"localhost\"");
    let world = World::new(|_| {});
    assert_eq!(world.round(&named, DAY_1, &sink).kept, 1, "a host that it names is asked");
    assert_eq!(other.asked(), ["/robots.txt"]);
}

#[test]
fn robots_txt_counts_for_a_day_and_what_it_says_then_counts() {
    let closed = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let says = Arc::clone(&closed);
    let site = Site::serve(move |path, _| match path {
        "/robots.txt" if says.load(Ordering::SeqCst) => ok("User-agent: *\nDisallow: /d\nDisallow: /secret\n"),
        "/robots.txt" => ok("User-agent: *\nDisallow: /secret\n"),
        "/list" => ok(&list_page(&["/d1", "/secret/1"])),
        path => ok(&detail_page(path)),
    });
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let often = recipe(&site, &format!("refetch.after = \"1h\"\n{HTML}"));
    let robots = || site.asked().iter().filter(|path| *path == "/robots.txt").count();
    let pages = || site.asked().iter().filter(|path| *path == "/d1").count();
    assert_eq!((world.round(&often, DAY_1, &sink).kept, robots(), pages()), (1, 1, 1));
    closed.store(true, Ordering::SeqCst);
    // Within a day it is not asked again, and what it said counts.
    world.round(&often, "2024-07-03 10:59:59", &sink);
    assert_eq!((robots(), pages()), (1, 2));
    // A day later it is asked again, and what it says now counts.
    let round = world.round(&often, DAY_2, &sink);
    assert_eq!((robots(), pages()), (2, 2), "{round:?}");
    assert!(round.rejects.iter().any(|reject| reject.url.ends_with("/d1")), "{round:?}");
    closed.store(false, Ordering::SeqCst);
    world.round(&often, "2024-07-04 11:59:59", &sink);
    assert_eq!((robots(), pages()), (2, 2), "closed for a day, too");
    world.round(&often, "2024-07-04 14:00:00", &sink);
    assert_eq!((robots(), pages()), (3, 3));
    assert!(!site.asked().iter().any(|path| path.starts_with("/secret")));
}

#[test]
fn half_a_robots_txt_allows_nothing() {
    let whole = "User-agent: *\nAllow: /list\n# a long remark before the line that counts\nDisallow: /d\n";
    let cut_off = |body: &str| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        (head + &body[..40]).into_bytes()
    };
    let half = cut_off(whole);
    let site = Site::serve(move |path, _| match path {
        "/robots.txt" => half.clone(),
        "/list" => ok(&list_page(&["/d"])),
        _ => ok(&detail_page("起火")),
    });
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let round = world.round(&recipe(&site, HTML), DAY_1, &sink);
    assert!(round.stopped.is_some() && round.kept == 0, "{round:?}");
    assert!(site.asked().iter().all(|path| path == "/robots.txt"), "{:?}", site.asked());
}
