package demo

import (
	"bytes"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestPrologue(t *testing.T) {
	t.Parallel()
	w, err := NewWorld(t.Context(), WorldOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	if err := w.Prologue(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	inbox := w.Mail.Inbox(HelpAddress)
	if len(inbox) != len(personas()) {
		t.Fatalf("%d mails of %d customers", len(inbox), len(personas()))
	}
	lists, files, pictures, copied := 0, 0, 0, 0
	for _, m := range inbox {
		if m.ParseError != "" {
			t.Errorf("%s: %s", m.Subject, m.ParseError)
		}
		if m.Get("List-Id") != "" {
			lists++
		}
		for _, a := range m.Attachments {
			if a.Inline {
				pictures++
			} else {
				files++
			}
		}
		copied += len(m.Cc)
	}
	if lists != 1 || files != 2 || pictures != 1 || copied != 1 {
		t.Errorf("%d newsletters, %d files, %d pictures, %d copied colleagues", lists, files, pictures, copied)
	}
}

func TestOnePagePDF(t *testing.T) {
	t.Parallel()
	doc := onePagePDF("a (b) \\c", "second")
	table := bytes.LastIndex(doc, []byte("xref\n0 6\n"))
	if table < 0 || !bytes.HasSuffix(doc, fmt.Appendf(nil, "startxref\n%d\n%%%%EOF\n", table)) {
		t.Fatalf("no cross-reference table where it should be:\n%s", doc)
	}
	for n, line := range bytes.Split(doc[table:], []byte("\n"))[3:8] {
		var at int
		if _, err := fmt.Sscanf(string(line), "%d", &at); err != nil || !bytes.HasPrefix(doc[at:], fmt.Appendf(nil, "%d 0 obj\n", n+1)) {
			t.Errorf("object %d is not at %s", n+1, line)
		}
	}
	if !bytes.Contains(doc, []byte(`(a \(b\) \\c) Tj`)) {
		t.Error("text is not escaped")
	}
}

func TestMugPicture(t *testing.T) {
	t.Parallel()
	img, err := png.Decode(bytes.NewReader(mugPicture()))
	if err != nil || img.Bounds().Dx() != 480 {
		t.Fatalf("%v %v", img, err)
	}
}

func TestUntilMorning(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("east", 5*3600)
	for at, want := range map[string]time.Duration{"2026-11-20T08:00:00Z": 20 * time.Hour, "2026-11-20T18:59:00Z": 9*time.Hour + time.Minute} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := untilMorning(now.In(zone)); got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
}

func TestEngineEnvironment(t *testing.T) {
	t.Setenv("SLACK_BOT_TOKEN", "xoxb-somebody-elses")
	t.Setenv("PARLEY_MASTER_KEY", "somebody-elses")
	t.Setenv("DATABASE_URL", "postgres://production")
	got := engineEnv("DATABASE_URL=ours")
	if text := strings.Join(got, "\n"); strings.Contains(text, "somebody") || strings.Contains(text, "production") {
		t.Errorf("the demo's engine would use other settings:\n%s", text)
	}
	if !slices.Contains(got, "DATABASE_URL=ours") || len(os.Environ()) < 4 {
		t.Errorf("got %v", got)
	}
}

func TestForget(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	dir, home, precious := filepath.Join(base, "demo"), filepath.Join(base, "parley-0123"), filepath.Join(base, "precious")
	for _, d := range []string{dir, home, precious} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("lock", "")
	write("pg.elsewhere", home+"\n")
	held, err := os.Open(filepath.Join(dir, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(held.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if err := forget(dir); err == nil || !strings.Contains(err.Error(), "another demo") {
		t.Fatalf("a running demo's folder: %v", err)
	}
	_ = held.Close()
	for range 2 { // there is nothing left the second time
		if err := forget(dir); err != nil {
			t.Fatal(err)
		}
	}
	left, err := os.ReadDir(base)
	if err != nil || len(left) != 1 || left[0].Name() != "precious" {
		t.Errorf("left: %v %v", left, err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	write("lock", "")
	write("pg.elsewhere", precious)
	if err := forget(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(precious); err != nil {
		t.Errorf("a folder that is no server's was removed: %v", err)
	}
}
