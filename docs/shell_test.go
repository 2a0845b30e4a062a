package docs

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// shell runs the blocks of one page.
type shell struct {
	t      *testing.T
	page   string
	folder string            // in which they run
	path   string            // a folder of programs, before those of the system; "" for none
	ports  *strings.Replacer // the page's ports for free ones
	state  string            // file with the environment that the last block left

	output  string // of the last block
	service *service
	took    map[string]time.Duration // by the first line of a block
}

// newShell makes a shell whose blocks run in a folder.
func newShell(t *testing.T, page, folder, path string) *shell {
	t.Helper()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("SKIPPED: bash isn't there")
	}
	return &shell{
		t: t, page: page, folder: folder, path: path, state: filepath.Join(t.TempDir(), "state"), took: map[string]time.Duration{},
		ports: strings.NewReplacer("50051", freePort(t), "9090", freePort(t)),
	}
}

// freePort finds a port of loopback that nobody has. It is below those that systems give to outgoing connections, so that
// none of these takes it before the service does.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(20000 + rand.IntN(10000))
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port from 20000 to 29999 is free")
	return ""
}

// runAll runs every block of the page and stops at the first that doesn't do as the page says.
func (s *shell) runAll() {
	s.t.Helper()
	defer s.stopService()
	ran := 0
	for _, b := range blocksOf(s.t, s.page) {
		if s.run(b) {
			ran++
		}
		if s.t.Failed() {
			return
		}
	}
	if ran == 0 {
		s.t.Errorf("%s: no block was run", s.page)
	}
}

func (s *shell) run(b *block) bool {
	s.t.Helper()
	switch text := s.ports.Replace(b.text); {
	case b.is("norun"):
		return false
	case b.is("output"):
		if !fits(text, s.output) {
			s.t.Errorf("%s:%d: the page shows\n%s\nit printed\n%s", s.page, b.line, text, s.output)
		}
	case b.is("file"):
		s.write(b.words["file"], text)
	case b.language == "sh" && b.is("background"):
		s.stopService()
		s.service = startService(s, b, text)
	case b.language == "sh":
		s.command(b, text)
	default:
		return false
	}
	return true
}

func (s *shell) write(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.folder, filepath.FromSlash(name))
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		s.t.Fatal(err)
	}
}

const blockTimeout = 5 * time.Minute // packages are downloaded and built, perhaps on a busy machine

// command runs a block as the reader's shell does: what it exports and where it goes to holds for those after it.
func (s *shell) command(b *block, text string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), blockTimeout)
	defer cancel()
	script := fmt.Sprintf("set -uo pipefail\nif [[ -e '%[1]s' ]]; then . '%[1]s'; cd \"$PWD\"; fi\nset -e\n%[2]s\nexport -p >'%[1]s'\n", s.state, text)
	cmd := s.bash(ctx, script)
	began := time.Now()
	out, err := cmd.CombinedOutput()
	s.output = string(out)
	first, _, _ := strings.Cut(text, "\n")
	s.took[first] += time.Since(began)
	want := 0
	if code := b.words["exit"]; code != "" {
		want, _ = strconv.Atoi(code)
	}
	if got := cmd.ProcessState.ExitCode(); got != want || err != nil && got == -1 {
		s.t.Errorf("%s:%d: it ended with %d, want %d (%v)\n%s\n%s", s.page, b.line, got, want, err, text, out)
	}
}

func (s *shell) bash(ctx context.Context, script string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.Dir = s.folder
	cmd.WaitDelay = 10 * time.Second
	cmd.Env = append(os.Environ(), "NO_COLOR=1", "PIP_DISABLE_PIP_VERSION_CHECK=1", "npm_config_prefer_offline=true", "npm_config_update_notifier=false")
	if s.path != "" {
		cmd.Env = append(cmd.Env, "PATH="+s.path+string(os.PathListSeparator)+os.Getenv("PATH"))
	}
	return cmd
}

// service is a block that goes on while others run.
type service struct {
	cmd   *exec.Cmd
	log   bytes.Buffer
	where string
	read  chan struct{} // closed when the log has ended
}

// startService starts a block of one command and waits until its log says that it serves.
func startService(s *shell, b *block, text string) *service {
	s.t.Helper()
	v := &service{where: fmt.Sprintf("%s:%d", s.page, b.line), read: make(chan struct{})}
	// The process of the command takes the place of the shell's, so that it gets the signal.
	v.cmd = s.bash(context.Background(), fmt.Sprintf("if [[ -e '%[1]s' ]]; then . '%[1]s'; cd \"$PWD\"; fi\nexec %[2]s", s.state, text))
	log, err := v.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	v.cmd.Stderr = v.cmd.Stdout
	if err := v.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	serving := make(chan bool, 1)
	go func() {
		defer close(v.read)
		defer close(serving)
		told := false
		for lines := bufio.NewReader(log); ; {
			line, err := lines.ReadString('\n')
			v.log.WriteString(line)
			if !told && strings.Contains(line, `"message":"serving"`) {
				told = true
				serving <- true
			}
			if err != nil {
				return // io.EOF: the process has ended, which stop tells of
			}
		}
	}()
	select {
	case ok := <-serving:
		if ok {
			return v
		}
	case <-time.After(blockTimeout):
		v.cmd.Process.Kill()
	}
	<-v.read
	s.t.Fatalf("%s: it doesn't serve (%v)\n%s", v.where, v.cmd.Wait(), v.log.String())
	return nil
}

// stopService interrupts the service that runs and holds it to a good end.
func (s *shell) stopService() {
	s.t.Helper()
	v := s.service
	if v == nil {
		return
	}
	s.service = nil
	if err := v.cmd.Process.Signal(os.Interrupt); err != nil {
		s.t.Errorf("%s: %v", v.where, err)
	}
	<-v.read
	if err := v.cmd.Wait(); err != nil {
		s.t.Errorf("%s: it ended with %v\n%s", v.where, err, v.log.String())
	}
}

// copyOf puts the files of the repository, as they are on this disk, into a folder of their own: a clone with what isn't
// committed yet.
func copyOf(t *testing.T, to string) {
	t.Helper()
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = ".."
	names, err := list.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(names), "\x00"), "\x00") {
		if err := copyFile(filepath.Join(to, name), filepath.Join("..", name)); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, info.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
