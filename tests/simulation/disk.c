/* A disk that fails by plan, for the simulation: loaded before libc (LD_PRELOAD), it stands between a program and the files below one folder.

   It remembers what was written and not yet synced, so that a power cut can take it back, wholly or in part; it lets the n-th operation of
   a kind fail; it stops the disk at the n-th operation. Wall time and random numbers come from the plan, too. Files outside the folder,
   sockets and pipes pass untouched. The plan and the counts lie in a file that both sides map (`struct control`); `disk.rs` is the other
   side. What a disk may do after a power cut, as POSIX has it:
     - bytes of a file last from its fsync or fdatasync on; before, each write lasts or not, a part of it too, in any order;
     - a name that was made, changed or taken away lasts from the fsync of its folder on; before, the last few changes may be undone.
   Not modelled: bytes that rot (tests/attack/bits.rs), writes through a memory map (only SQLite's -shm has them, which nothing relies on). */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum state { OFF, ON, DEAD };
enum kind { WRITE, SYNC, READ, OPEN, RENAME, UNLINK, KINDS };
#define FAULTS 4
#define SPEED 20 /* a short wait is over in this part of its time */
#define SPEED_LONG 4 /* so is a long one: those bound how long work may take, and a busy machine is not to end it */
#define LONG_MILLISECONDS 2000
#define PATIENCE 1000 /* how often a wait begins again while others are at work */
#define TAIL 96
#define LINE 120

struct fault { uint64_t kind, nth, count, error; }; /* error 0: a short read or write */
struct control {
  uint64_t state, operations, stop_at, torn_permille, unused, wall_nanos, seed, unused_too;
  uint64_t by_kind[8], fired[8], open_files, tail_next, reserved[8];
  struct fault faults[FAULTS];
  char tail[TAIL][LINE];
};

static struct control *plan;
static char root[PATH_MAX];
static size_t root_length;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t random_state, random_of_threads;
static char trash[PATH_MAX];
static uint64_t trash_next;
static uint64_t generation = 1;
static _Atomic uint64_t skipped; /* nanoseconds that waits were cut short by */

/* One file with bytes, or one folder, that the program has open or that has changes not yet synced. */
struct file { dev_t dev; ino_t ino; int keep; char path[PATH_MAX]; int references; };
/* One change of bytes, not yet synced. */
struct change { struct change *before; struct file *file; off_t at, old_size; size_t old_length, length; int cut; char *old, *new; };
/* One change of names, not yet synced. */
enum named { MADE, MADE_FOLDER, MOVED, TAKEN };
struct naming { struct naming *before; enum named what; char path[PATH_MAX], from[PATH_MAX], kept[PATH_MAX]; };

#define FDS 65536
static struct { struct file *file; uint64_t generation; char folder; } opened[FDS];
static struct change *changes;
static struct naming *namings;

/* --- the system, past this library */

static ssize_t sys_pwrite(int fd, const void *bytes, size_t length, off_t at) { return syscall(SYS_pwrite64, fd, bytes, length, at); }
static ssize_t sys_pread(int fd, void *bytes, size_t length, off_t at) { return syscall(SYS_pread64, fd, bytes, length, at); }
static int sys_open(const char *path, int flags, mode_t mode) { return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode); }
static int sys_rename(const char *from, const char *to) { return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0); }
static int sys_fstat(int fd, struct stat *found) { return (int)syscall(SYS_newfstatat, fd, "", found, AT_EMPTY_PATH); }
static int sys_lstat(const char *path, struct stat *found) { return (int)syscall(SYS_newfstatat, AT_FDCWD, path, found, AT_SYMLINK_NOFOLLOW); }
static int sys_close(int fd) { return (int)syscall(SYS_close, fd); }
static int sys_mkdir(const char *path, mode_t mode) { return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode); }
static int sys_link(const char *from, const char *to) { return (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0); }

static uint64_t draw(void) { /* splitmix64 */
  uint64_t z = (random_state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

__attribute__((constructor)) static void begin(void) {
  const char *folder = getenv("SIMULATED_DISK"), *control = getenv("SIMULATED_PLAN");
  if (!folder || !control) return;
  int fd = sys_open(control, O_RDWR | O_CLOEXEC, 0);
  if (fd < 0) return;
  void *mapped = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  sys_close(fd);
  if (mapped == MAP_FAILED) return;
  snprintf(root, sizeof root, "%s/", folder);
  root_length = strlen(root);
  snprintf(trash, sizeof trash, "%s.trash", folder);
  plan = mapped;
}

/* The path if it lies below the folder, made absolute into `whole`; none otherwise. Dots are not resolved: the program uses plain paths. */
static const char *ours(int at, const char *path, char *whole) {
  if (!plan || !path) return NULL;
  if (path[0] == '/' || at == AT_FDCWD) {
    if (strncmp(path, root, root_length) == 0 || (strncmp(path, root, root_length - 1) == 0 && path[root_length - 1] == 0)) {
      snprintf(whole, PATH_MAX, "%s", path);
      return whole;
    }
    return NULL;
  }
  if (at >= 0 && at < FDS && opened[at].file && opened[at].folder) {
    snprintf(whole, PATH_MAX, "%s/%s", opened[at].file->path, path);
    return whole;
  }
  return NULL;
}

/* --- the plan */

/* Names that differ from run to run (tantivy's segments, temporary files) count as one. */
static void plain(const char *path, char *to) {
  const char *from = strlen(path) >= root_length ? path + root_length : path;
  size_t n = 0, letters = 0;
  for (; *from && n < 60; from++) {
    int hex = (*from >= '0' && *from <= '9') || (*from >= 'a' && *from <= 'f');
    if (strncmp(from, ".tmp", 4) == 0) { to[n++] = '*'; break; }
    letters = hex ? letters + 1 : 0;
    to[n++] = *from;
    if (letters == 32) { n -= 32; to[n++] = '*'; letters = 0; }
  }
  to[n] = 0;
}

static void note(const char *what, const char *path, uint64_t length, const char *came) {
  char name[64];
  plain(path, name);
  char *line = plan->tail[plan->tail_next++ % TAIL];
  snprintf(line, LINE, "%6lu %-7s %-60.60s %7lu %s", (unsigned long)plan->operations, what, name, (unsigned long)length, came);
}

/* What becomes of an operation: 0 it is done; -1 it fails with errno; 1 only a part of it is done. */
static int fate(enum kind kind, const char *what, const char *path, uint64_t length) {
  if (plan->state == OFF) return 0;
  if (plan->state == DEAD) { errno = EIO; return -1; }
  uint64_t nth = ++plan->by_kind[kind];
  if (kind != READ) {
    plan->operations++;
    if (plan->stop_at && plan->operations == plan->stop_at) {
      note(what, path, length, "the disk stops");
      plan->state = DEAD;
      plan->fired[7]++;
      if (kind == WRITE) return 2;
      errno = EIO;
      return -1;
    }
  }
  for (int i = 0; i < FAULTS; i++) {
    struct fault *fault = &plan->faults[i];
    if (!fault->count || fault->kind != kind || nth < fault->nth || nth >= fault->nth + fault->count) continue;
    plan->fired[kind]++;
    note(what, path, length, fault->error ? strerror((int)fault->error) : "in part");
    if (!fault->error) return 1;
    errno = (int)fault->error;
    return -1;
  }
  if (kind != READ) note(what, path, length, "");
  return 0;
}

/* --- what is not yet synced */

static struct file *file_of(int fd, const char *path) {
  struct stat found;
  if (sys_fstat(fd, &found) != 0) return NULL;
  struct file *file = calloc(1, sizeof *file);
  file->dev = found.st_dev;
  file->ino = found.st_ino;
  file->keep = -1;
  snprintf(file->path, PATH_MAX, "%s", path);
  return file;
}

/* A place of our own to write to the file by, whatever becomes of its name and of the program's descriptors. */
static int keep_of(struct file *file, int fd) {
  if (file->keep >= 0) return file->keep;
  char name[64];
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  int keep = sys_open(name, O_RDWR | O_CLOEXEC, 0);
  return file->keep = keep;
}

static struct change *remember(struct file *file, int fd, off_t at, const void *bytes, size_t length, int cut) {
  struct stat found;
  if (keep_of(file, fd) < 0 || sys_fstat(file->keep, &found) != 0) return NULL;
  struct change *change = calloc(1, sizeof *change);
  change->file = file;
  change->at = at;
  change->cut = cut;
  change->old_size = found.st_size;
  size_t behind = at < found.st_size ? (size_t)(found.st_size - at) : 0;
  change->old_length = cut || behind < length ? behind : length;
  change->old = malloc(change->old_length + 1);
  if (sys_pread(file->keep, change->old, change->old_length, at) != (ssize_t)change->old_length) change->old_length = 0;
  change->length = cut ? 0 : length;
  change->new = malloc(change->length + 1);
  if (change->length) memcpy(change->new, bytes, change->length);
  file->references++;
  change->before = changes;
  return changes = change;
}

static void drop_change(struct change *change) {
  if (--change->file->references == 0) {
    if (change->file->keep >= 0) sys_close(change->file->keep);
    free(change->file);
  }
  free(change->old);
  free(change->new);
  free(change);
}

static void synced(struct file *file) {
  struct change **link = &changes;
  while (*link) {
    struct change *change = *link;
    if (change->file->ino == file->ino && change->file->dev == file->dev) {
      *link = change->before;
      drop_change(change);
    } else {
      link = &change->before;
    }
  }
}

static void into_trash(char *kept) { snprintf(kept, PATH_MAX, "%.3900s/%lu", trash, (unsigned long)trash_next++); }

static struct naming *named(enum named what, const char *path, const char *from, const char *kept) {
  struct naming *naming = calloc(1, sizeof *naming);
  naming->what = what;
  snprintf(naming->path, PATH_MAX, "%s", path);
  snprintf(naming->from, PATH_MAX, "%s", from);
  snprintf(naming->kept, PATH_MAX, "%s", kept);
  naming->before = namings;
  return namings = naming;
}

static int lies_in(const char *path, const char *folder) {
  size_t length = strlen(folder);
  while (length && folder[length - 1] == '/') length--;
  if (strncmp(path, folder, length) != 0 || path[length] != '/') return 0;
  return strchr(path + length + 1, '/') == NULL;
}

static void folder_synced(const char *folder) {
  struct naming **link = &namings;
  while (*link) {
    struct naming *naming = *link;
    if (lies_in(naming->path, folder)) {
      *link = naming->before;
      free(naming);
    } else {
      link = &naming->before;
    }
  }
}

static void put_back(struct change *change) {
  if (change->old_length) sys_pwrite(change->file->keep, change->old, change->old_length, change->at);
  syscall(SYS_ftruncate, change->file->keep, change->old_size);
}

static void do_again(struct change *change, size_t length) {
  if (change->cut) syscall(SYS_ftruncate, change->file->keep, change->at);
  else if (length) sys_pwrite(change->file->keep, change->new, length, change->at);
}

static void undo(struct naming *naming) {
  char gone[PATH_MAX];
  into_trash(gone);
  switch (naming->what) {
  case MADE: case MADE_FOLDER: sys_rename(naming->path, gone); break;
  case MOVED:
    sys_rename(naming->path, naming->from);
    if (naming->kept[0]) sys_rename(naming->kept, naming->path);
    break;
  case TAKEN: sys_rename(naming->kept, naming->path); break;
  }
}

/* After the disk has stopped. `power`: what was not synced may be lost; otherwise only the program ended, and all is there. */
static void recover(int power) {
  random_state = plan->seed ^ 0xD15C;
  if (power) {
    /* Names: some of the newest changes are undone, the rest lasts, as journals of file systems have it. */
    size_t count = 0;
    for (struct naming *naming = namings; naming; naming = naming->before) count++;
    size_t lost = count ? draw() % 3 == 0 ? count : draw() % (count + 1) : 0;
    /* Bytes: back to what was synced, then again what happened to last. */
    size_t many = 0;
    for (struct change *change = changes; change; change = change->before) many++;
    struct change **in_order = calloc(many + 1, sizeof *in_order);
    size_t n = many;
    for (struct change *change = changes; change; change = change->before) {
      put_back(change);
      in_order[--n] = change;
    }
    uint64_t manner = draw() % 4;
    for (n = 0; n < many; n++) {
      struct change *change = in_order[n];
      if (manner == 0) continue;                      /* nothing of it lasted */
      if (manner == 1) { do_again(change, change->length); continue; } /* all of it */
      uint64_t chance = draw() % 4;
      if (chance < 2) do_again(change, change->length);
      else if (chance == 2 && !change->cut) do_again(change, change->length ? draw() % change->length : 0);
    }
    free(in_order);
    for (size_t i = 0; namings && i < lost; i++) {
      struct naming *naming = namings;
      undo(naming);
      namings = naming->before;
      free(naming);
    }
  }
  while (changes) {
    struct change *change = changes;
    changes = change->before;
    drop_change(change);
  }
  while (namings) {
    struct naming *naming = namings;
    namings = naming->before;
    free(naming);
  }
  generation++;
}

static void forget(void) {
  while (changes) { struct change *change = changes; changes = change->before; drop_change(change); }
  while (namings) { struct naming *naming = namings; namings = naming->before; free(naming); }
}

/* --- what the program calls */

static int dead(int fd) { return opened[fd].generation != generation; }
static struct file *tracked(int fd) { return plan && fd >= 0 && fd < FDS ? opened[fd].file : NULL; }

static int open_at(int at, const char *path, int flags, mode_t mode) {
  char whole[PATH_MAX];
  const char *name = ours(at, path, whole);
  if (!name || plan->state == OFF) return (int)syscall(SYS_openat, at, path, flags, mode);
  pthread_mutex_lock(&lock);
  int fd = -1;
  struct stat found;
  int there = sys_lstat(name, &found) == 0;
  int makes = (flags & O_CREAT) && !there;
  int cuts = (flags & O_TRUNC) && there && (flags & O_ACCMODE) != O_RDONLY && S_ISREG(found.st_mode) && found.st_size > 0;
  int kind = makes || cuts ? OPEN : READ;
  if (fate(kind, makes ? "make" : cuts ? "cut" : "open", name, 0) == 0) {
    fd = sys_open(name, cuts ? flags & ~O_TRUNC : flags, mode);
    if (fd >= 0 && fd < FDS) {
      struct file *file = file_of(fd, name);
      file->references = 1;
      opened[fd].file = file;
      opened[fd].generation = generation;
      opened[fd].folder = sys_fstat(fd, &found) == 0 && S_ISDIR(found.st_mode);
      plan->open_files++;
      if (makes) named(MADE, name, "", "");
      if (cuts) {
        remember(file, fd, 0, NULL, 0, 1);
        syscall(SYS_ftruncate, fd, 0);
      }
    }
  }
  int error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return fd;
}

#define MODE mode_t mode = 0; if (flags & (O_CREAT | O_TMPFILE)) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); }
int open(const char *path, int flags, ...) { MODE return open_at(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return open_at(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE return open_at(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE return open_at(at, path, flags, mode); }
int creat(const char *path, mode_t mode) { return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

static void let_go(int fd) {
  if (!tracked(fd)) return;
  pthread_mutex_lock(&lock);
  struct file *file = opened[fd].file;
  opened[fd].file = NULL;
  plan->open_files--;
  if (--file->references == 0) {
    if (file->keep >= 0) sys_close(file->keep);
    free(file);
  }
  pthread_mutex_unlock(&lock);
}

int close(int fd) {
  let_go(fd);
  return sys_close(fd);
}

/* The system closes a folder that was read without asking `close`. */
int closedir(DIR *folder) {
  static int (*real)(DIR *);
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, "closedir");
  let_go(dirfd(folder));
  return real(folder);
}

static int copied(int fd, int copy) {
  if (tracked(fd) && copy >= 0 && copy < FDS) {
    pthread_mutex_lock(&lock);
    opened[copy] = opened[fd];
    opened[copy].file->references++;
    plan->open_files++;
    pthread_mutex_unlock(&lock);
  }
  return copy;
}

static int control_file(int fd, int command, void *argument) {
  int came = (int)syscall(SYS_fcntl, fd, command, argument);
  return command == F_DUPFD || command == F_DUPFD_CLOEXEC ? copied(fd, came) : came;
}
int fcntl(int fd, int command, ...) { va_list rest; va_start(rest, command); void *argument = va_arg(rest, void *); va_end(rest); return control_file(fd, command, argument); }
int fcntl64(int fd, int command, ...) { va_list rest; va_start(rest, command); void *argument = va_arg(rest, void *); va_end(rest); return control_file(fd, command, argument); }
int dup(int fd) { return copied(fd, (int)syscall(SYS_dup, fd)); }

static ssize_t write_at(int fd, const void *bytes, size_t length, off_t at, int moves) {
  pthread_mutex_lock(&lock);
  struct file *file = opened[fd].file;
  ssize_t came = -1;
  int fate_of = dead(fd) ? (errno = EIO, -1) : fate(WRITE, "write", file->path, length);
  size_t part = length;
  if (fate_of == 1) part = length > 1 ? length / 2 : length;
  if (fate_of == 2) part = length * plan->torn_permille / 1000;
  if (fate_of >= 0) {
    struct stat found;
    if (moves) {
      int flags = (int)syscall(SYS_fcntl, fd, F_GETFL, 0);
      at = flags & O_APPEND ? (sys_fstat(fd, &found), found.st_size) : (off_t)syscall(SYS_lseek, fd, 0, SEEK_CUR);
    }
    if (part && plan->state != OFF) remember(file, fd, at, bytes, part, 0);
    came = moves ? syscall(SYS_write, fd, bytes, part) : sys_pwrite(fd, bytes, part, at);
    if (fate_of == 2) { errno = EIO; came = -1; }
  }
  int error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return came;
}

ssize_t write(int fd, const void *bytes, size_t length) {
  return tracked(fd) ? write_at(fd, bytes, length, 0, 1) : syscall(SYS_write, fd, bytes, length);
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
  return tracked(fd) ? write_at(fd, bytes, length, at, 0) : sys_pwrite(fd, bytes, length, at);
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) { return pwrite(fd, bytes, length, at); }
ssize_t writev(int fd, const struct iovec *parts, int count) {
  if (!tracked(fd)) return syscall(SYS_writev, fd, parts, count);
  for (int i = 0; i < count; i++) if (parts[i].iov_len) return write_at(fd, parts[i].iov_base, parts[i].iov_len, 0, 1);
  return 0;
}

static ssize_t read_at(int fd, void *bytes, size_t length, off_t at, int moves) {
  pthread_mutex_lock(&lock);
  int fate_of = dead(fd) ? (errno = EIO, -1) : fate(READ, "read", opened[fd].file->path, length);
  size_t part = fate_of == 1 && length > 1 ? length / 2 : length;
  ssize_t came = -1;
  if (fate_of >= 0) came = moves ? syscall(SYS_read, fd, bytes, part) : sys_pread(fd, bytes, part, at);
  int error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return came;
}
ssize_t read(int fd, void *bytes, size_t length) {
  return tracked(fd) ? read_at(fd, bytes, length, 0, 1) : syscall(SYS_read, fd, bytes, length);
}
ssize_t pread(int fd, void *bytes, size_t length, off_t at) {
  return tracked(fd) ? read_at(fd, bytes, length, at, 0) : sys_pread(fd, bytes, length, at);
}
ssize_t pread64(int fd, void *bytes, size_t length, off_t at) { return pread(fd, bytes, length, at); }

static int cut_to(int fd, off_t size) {
  if (!tracked(fd) || plan->state == OFF) return (int)syscall(SYS_ftruncate, fd, size);
  pthread_mutex_lock(&lock);
  int came = dead(fd) ? (errno = EIO, -1) : fate(WRITE, "cut", opened[fd].file->path, (uint64_t)size);
  if (came == 2 || came == 1) { errno = EIO; came = -1; }
  if (came == 0) {
    remember(opened[fd].file, fd, size, NULL, 0, 1);
    came = (int)syscall(SYS_ftruncate, fd, size);
  }
  int error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return came;
}
int ftruncate(int fd, off_t size) { return cut_to(fd, size); }
int ftruncate64(int fd, off_t size) { return cut_to(fd, size); }
int posix_fallocate(int fd, off_t at, off_t length) { return tracked(fd) ? EOPNOTSUPP : (int)syscall(SYS_fallocate, fd, 0, at, length); }
int fallocate(int fd, int mode, off_t at, off_t length) {
  if (tracked(fd)) { errno = EOPNOTSUPP; return -1; }
  return (int)syscall(SYS_fallocate, fd, mode, at, length);
}
/* Copies inside the kernel would pass unseen: callers fall back on reading and writing. */
ssize_t copy_file_range(int in, off_t *in_at, int out, off_t *out_at, size_t length, unsigned flags) {
  if (tracked(out) || tracked(in)) { errno = ENOSYS; return -1; }
  return syscall(SYS_copy_file_range, in, in_at, out, out_at, length, flags);
}
ssize_t sendfile(int out, int in, off_t *at, size_t length) {
  if (tracked(out)) { errno = ENOSYS; return -1; }
  return syscall(SYS_sendfile, out, in, at, length);
}
ssize_t sendfile64(int out, int in, off_t *at, size_t length) { return sendfile(out, in, at, length); }

static int sync_file(int fd, long call) {
  if (!tracked(fd) || plan->state == OFF) return (int)syscall(call, fd);
  pthread_mutex_lock(&lock);
  struct file *file = opened[fd].file;
  int came = dead(fd) ? (errno = EIO, -1) : fate(SYNC, "sync", file->path, 0);
  if (came == 1) came = 0;
  if (came == 0) {
    if (opened[fd].folder) folder_synced(file->path);
    else synced(file);
  }
  int error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return came;
}
int fsync(int fd) { return sync_file(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_file(fd, SYS_fdatasync); }

static int move(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
  char whole_from[PATH_MAX], whole_to[PATH_MAX], kept[PATH_MAX] = "";
  const char *a = ours(from_at, from, whole_from), *b = ours(to_at, to, whole_to);
  if (!a || !b || plan->state == OFF) return (int)syscall(SYS_renameat2, from_at, from, to_at, to, flags);
  pthread_mutex_lock(&lock);
  int came = fate(RENAME, "rename", b, 0);
  if (came > 0) { errno = EIO; came = -1; }
  if (came == 0) {
    struct stat found;
    if (!(flags & 1) && sys_lstat(b, &found) == 0 && S_ISREG(found.st_mode)) {
      into_trash(kept);
      if (sys_link(b, kept) != 0) kept[0] = 0;
    }
    came = (int)syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, flags);
    if (came == 0) named(MOVED, b, a, kept);
  }
  int error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return came;
}
int rename(const char *from, const char *to) { return move(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int from_at, const char *from, int to_at, const char *to) { return move(from_at, from, to_at, to, 0); }
int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags) { return move(from_at, from, to_at, to, flags); }

static int name_again(int from_at, const char *from, int to_at, const char *to, int flags) {
  char whole_from[PATH_MAX], whole_to[PATH_MAX];
  const char *a = ours(from_at, from, whole_from), *b = ours(to_at, to, whole_to);
  if (!a || !b || plan->state == OFF) return (int)syscall(SYS_linkat, from_at, from, to_at, to, flags);
  pthread_mutex_lock(&lock);
  int came = fate(RENAME, "link", b, 0);
  if (came > 0) { errno = EIO; came = -1; }
  if (came == 0 && (came = sys_link(a, b)) == 0) named(MADE, b, "", "");
  int error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return came;
}
int link(const char *from, const char *to) { return name_again(AT_FDCWD, from, AT_FDCWD, to, 0); }
int linkat(int from_at, const char *from, int to_at, const char *to, int flags) { return name_again(from_at, from, to_at, to, flags); }

static int take_away(int at, const char *path, int flags) {
  char whole[PATH_MAX], kept[PATH_MAX];
  const char *name = ours(at, path, whole);
  if (!name || plan->state == OFF) return (int)syscall(SYS_unlinkat, at, path, flags);
  pthread_mutex_lock(&lock);
  int came = -1;
  struct stat found;
  if (sys_lstat(name, &found) != 0) errno = ENOENT;
  else if (flags & AT_REMOVEDIR) {
    if ((came = fate(UNLINK, "rmdir", name, 0)) == 0 && (came = (int)syscall(SYS_unlinkat, AT_FDCWD, name, flags)) == 0) {
      /* A folder that comes back is empty: what was in it was taken away before. */
      into_trash(kept);
      sys_mkdir(kept, 0700);
      named(TAKEN, name, "", kept);
    }
  } else if (S_ISDIR(found.st_mode)) errno = EISDIR;
  else if ((came = fate(UNLINK, "unlink", name, 0)) == 0) {
    into_trash(kept);
    if ((came = sys_rename(name, kept)) == 0) named(TAKEN, name, "", kept);
  }
  if (came > 0) { errno = EIO; came = -1; }
  int error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return came;
}

int unlink(const char *path) {
  if (plan && strncmp(path, "/simulated-disk/", 16) == 0) {
    const char *word = path + 16;
    pthread_mutex_lock(&lock);
    if (strcmp(word, "power-cut") == 0) recover(1);
    if (strcmp(word, "killed") == 0) recover(0);
    if (strcmp(word, "forget") == 0) forget();
    if (strcmp(word, "seed") == 0) { random_of_threads = plan->seed; trash_next = 0; }
    pthread_mutex_unlock(&lock);
    return 0;
  }
  return take_away(AT_FDCWD, path, 0);
}
int unlinkat(int at, const char *path, int flags) { return take_away(at, path, flags); }
int rmdir(const char *path) { return take_away(AT_FDCWD, path, AT_REMOVEDIR); }
int remove(const char *path) { struct stat found; return take_away(AT_FDCWD, path, sys_lstat(path, &found) == 0 && S_ISDIR(found.st_mode) ? AT_REMOVEDIR : 0); }

static int make_folder(int at, const char *path, mode_t mode) {
  char whole[PATH_MAX];
  const char *name = ours(at, path, whole);
  struct stat found;
  if (!name || plan->state == OFF || sys_lstat(name, &found) == 0) return (int)syscall(SYS_mkdirat, at, path, mode);
  pthread_mutex_lock(&lock);
  int came = fate(OPEN, "mkdir", name, 0);
  if (came > 0) { errno = EIO; came = -1; }
  if (came == 0 && (came = sys_mkdir(name, mode)) == 0) named(MADE_FOLDER, name, "", "");
  int error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return came;
}
int mkdir(const char *path, mode_t mode) { return make_folder(AT_FDCWD, path, mode); }
int mkdirat(int at, const char *path, mode_t mode) { return make_folder(at, path, mode); }

/* --- time and chance */

int clock_gettime(clockid_t clock, struct timespec *now) {
  if (plan && plan->wall_nanos && clock == CLOCK_REALTIME) {
    now->tv_sec = (time_t)(plan->wall_nanos / 1000000000u);
    now->tv_nsec = (long)(plan->wall_nanos % 1000000000u);
    return 0;
  }
  int came = (int)syscall(SYS_clock_gettime, clock, now);
  if (plan && came == 0 && clock == CLOCK_MONOTONIC) {
    __int128 nanos = (__int128)now->tv_sec * 1000000000 + now->tv_nsec + atomic_load(&skipped);
    now->tv_sec = (time_t)(nanos / 1000000000);
    now->tv_nsec = (long)(nanos % 1000000000);
  }
  return came;
}

/* Whether another thread of this program is at work, or would be if the machine had a core for it. */
static int others_at_work(void) {
  long self = syscall(SYS_gettid);
  DIR *tasks = opendir("/proc/self/task");
  if (!tasks) return 0;
  int at_work = 0;
  struct dirent *task;
  while (!at_work && (task = readdir(tasks))) {
    if (task->d_name[0] == '.' || atol(task->d_name) == self) continue;
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/self/task/%.20s/stat", task->d_name);
    int fd = sys_open(path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) continue;
    ssize_t length = syscall(SYS_read, fd, text, sizeof text - 1);
    sys_close(fd);
    if (length <= 0) continue;
    text[length] = 0;
    char *name_ends = strrchr(text, ')');
    at_work = name_ends && (name_ends[2] == 'R' || name_ends[2] == 'D');
  }
  closedir(tasks);
  return at_work;
}

/* A wait in which nothing comes is over before its time, and its time has passed, unless another thread is still at work: what a busy
   machine needs for its work is nobody's wait. */
int epoll_wait(int fd, struct epoll_event *events, int most, int milliseconds) {
  if (!plan || milliseconds <= 0) return (int)syscall(SYS_epoll_pwait, fd, events, most, milliseconds, NULL, 8);
  int waited = milliseconds / (milliseconds < LONG_MILLISECONDS ? SPEED : SPEED_LONG) + 1;
  int came;
  for (int times = 0;; times++) {
    came = (int)syscall(SYS_epoll_pwait, fd, events, most, waited, NULL, 8);
    if (came != 0 || times >= PATIENCE || !others_at_work()) break;
  }
  if (came == 0 && waited < milliseconds) atomic_fetch_add(&skipped, (uint64_t)(milliseconds - waited) * 1000000u);
  return came;
}

ssize_t getrandom(void *to, size_t length, unsigned flags) {
  if (!plan || !plan->seed) return syscall(SYS_getrandom, to, length, flags);
  pthread_mutex_lock(&lock);
  uint64_t saved = random_state;
  random_state = random_of_threads;
  for (size_t i = 0; i < length; i++) ((unsigned char *)to)[i] = (unsigned char)draw();
  random_of_threads = random_state;
  random_state = saved;
  pthread_mutex_unlock(&lock);
  return (ssize_t)length;
}
