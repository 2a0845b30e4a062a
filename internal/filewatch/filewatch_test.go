package filewatch

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/remotemedia/remotemedia-go/internal/testfile"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come; it never waits that long when all is well.
const patience = 20 * time.Second

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func symlink(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Skipf("symbolic links can't be made here: %v", err)
	}
	if info, err := os.Lstat(name); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Skipf("symbolic links aren't seen here once they are made: %v", err)
	}
}

// observed is a watcher that sends what the file holds at each callback.
func observed(t *testing.T, path string, o Options) (*Watcher, <-chan string) {
	t.Helper()
	seen := make(chan string, 1000)
	w := New([]string{path}, func() {
		text, err := os.ReadFile(path)
		if err != nil {
			text = []byte("(absent)")
		}
		seen <- string(text)
	}, o)
	t.Cleanup(w.Close)
	return w, seen
}

// await waits until the callback has seen want.
func await(t *testing.T, seen <-chan string, want string) {
	t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case got := <-seen:
			if got == want {
				return
			}
		case <-timeout:
			t.Fatalf("the change to %q wasn't told", want)
		}
	}
}

// byNotification makes polling so rare that only notifications can tell.
var byNotification = Options{Quiet: time.Millisecond, Most: 20 * time.Millisecond, Poll: time.Hour}

func TestWaysOfReplacingAFile(t *testing.T) {
	for name, o := range map[string]Options{"notified": byNotification, "polled": {Poll: time.Millisecond}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "file")
			write(t, path, "one")
			_, seen := observed(t, path, o)
			write(t, path, "two")
			await(t, seen, "two")
			for _, text := range []string{"three", "four"} {
				write(t, path+".new", text)
				testfile.Rename(t, path+".new", path)
				await(t, seen, text)
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			await(t, seen, "(absent)")
			write(t, path, "five")
			await(t, seen, "five")
		})
	}
}

// TestKubernetesSwap replaces files as the kubelet does: file -> ..data/file, ..data -> ..1, then ..data -> ..2.
func TestKubernetesSwap(t *testing.T) {
	dir := t.TempDir()
	generation := func(name, text string) {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name, "file"), text)
		symlink(t, name, filepath.Join(dir, "..data_tmp"))
		testfile.Rename(t, filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data"))
	}
	generation("..1", "one")
	path := filepath.Join(dir, "file")
	symlink(t, filepath.Join("..data", "file"), path)
	_, seen := observed(t, path, byNotification)
	for _, g := range []struct{ name, text string }{{"..2", "two"}, {"..3", "three"}} {
		generation(g.name, g.text)
		await(t, seen, g.text)
	}
	if err := os.RemoveAll(filepath.Join(dir, "..1")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "..3", "file"), "four")
	await(t, seen, "four")
}

// TestSwapOfAParent watches a path through a link to a directory that is replaced as a whole.
func TestSwapOfAParent(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name, "file"), name)
	}
	symlink(t, "a", filepath.Join(dir, "current"))
	_, seen := observed(t, filepath.Join(dir, "current", "file"), byNotification)
	symlink(t, "b", filepath.Join(dir, "next"))
	testfile.Rename(t, filepath.Join(dir, "next"), filepath.Join(dir, "current"))
	await(t, seen, "b")
}

func TestSameContentIsNoChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	write(t, path, "one")
	_, seen := observed(t, path, byNotification)
	write(t, path+".new", "one")
	testfile.Rename(t, path+".new", path)
	write(t, path, "two")
	await(t, seen, "two")
	for len(seen) > 0 {
		if got := <-seen; got == "one" {
			t.Error("a rewrite of the same content was told")
		}
	}
}

func TestTriggerAndOtherPaths(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	write(t, a, "one")
	write(t, b, "two")
	w, seen := observed(t, a, byNotification)
	w.Trigger()
	await(t, seen, "one")
	w.SetPaths([]string{a, b})
	w.Trigger()
	await(t, seen, "one")
	write(t, b, "three")
	await(t, seen, "one") // the callback reads a
}

// On Windows the source of notifications holds 50 and then takes no further orders: more than that, untaken, mustn't keep the
// watcher from asking for another directory.
func TestNotificationsDontKeepOrdersWaiting(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a", "file"), filepath.Join(dir, "b", "file")
	for _, path := range []string{a, b} {
		if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, path, "one")
	}
	called, goOn := make(chan struct{}, 1000), make(chan struct{})
	w := New([]string{a}, func() { called <- struct{}{}; <-goOn }, byNotification)
	t.Cleanup(w.Close)
	w.Trigger()
	<-called
	for i := range 300 {
		write(t, filepath.Join(dir, "a", strconv.Itoa(i)), "x")
	}
	w.SetPaths([]string{a, b})
	close(goOn)
	<-called // b counts, which it didn't
	write(t, b, "two")
	<-called
}

func TestDelayWaitsForSilenceButNotForEver(t *testing.T) {
	d := newDelay(time.Hour, 2*time.Hour)
	defer d.stop()
	d.note()
	select {
	case <-d.timer.C:
		t.Fatal("it didn't wait for silence")
	default:
	}
	d.since = time.Now().Add(-3 * time.Hour)
	d.note()
	select {
	case <-d.timer.C:
	case <-time.After(patience):
		t.Fatal("notifications put it off for ever")
	}
}
