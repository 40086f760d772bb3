package torture

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"parley/cmd/parley/torture/judge"
)

// listened is a proxy, and what its server hears.
func listened(t *testing.T) (*proxy, <-chan string) {
	t.Helper()
	heard := make(chan string, 10)
	var tr traps
	p, err := openProxy(t.Context(), &proxy{way: waySMTP, dial: newDialer("tcp", echo(t, heard)), traps: &tr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p, heard
}

// echo serves lines back, and "hello" first. It tells heard of them, if that is not nil.
func echo(t *testing.T, heard chan<- string) string {
	t.Helper()
	var lc net.ListenConfig
	in, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close() })
	go func() {
		for {
			c, err := in.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.WriteString(c, "hello\n")
				for lines := bufio.NewScanner(c); lines.Scan(); {
					if heard != nil {
						heard <- lines.Text()
					}
					_, _ = io.WriteString(c, lines.Text()+"\n")
				}
				_ = c.Close()
			}()
		}
	}()
	return in.Addr().String()
}

// phone is a client behind a proxy.
type phone struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func call(t *testing.T, p *proxy) *phone {
	t.Helper()
	conn, err := newDialer("tcp", p.address())(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &phone{t, conn, bufio.NewReader(conn)}
}

func (c *phone) say(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, text+"\n"); err != nil {
		c.t.Fatal(err)
	}
}

func (c *phone) hear(want string) {
	c.t.Helper()
	if got, err := c.within(time.Minute); err != nil || got != want {
		c.t.Fatalf("heard %q, %v; want %q", got, err, want)
	}
}

func (c *phone) within(d time.Duration) (string, error) {
	c.t.Helper()
	if err := c.conn.SetReadDeadline(time.Now().Add(d)); err != nil {
		c.t.Fatal(err)
	}
	line, err := c.in.ReadString('\n')
	return strings.TrimSpace(line), err
}

// judgeEnd waits for the end of the connection.
func (c *phone) ended() {
	c.t.Helper()
	if line, err := c.within(time.Minute); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("heard %q, %v; want an end", line, err)
	}
}

func testProxy(t *testing.T) (*proxy, *traps) {
	t.Helper()
	var tr traps
	p, err := openProxy(t.Context(), &proxy{way: waySMTP, dial: newDialer("tcp", echo(t, nil)), traps: &tr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p, &tr
}

func TestProxyCuts(t *testing.T) {
	t.Parallel()
	p, _ := testProxy(t)
	c := call(t, p)
	c.hear("hello")
	c.say("one")
	c.hear("one")
	if n := p.cut(wayIMAP); n != 0 {
		t.Errorf("cut %d of another way", n)
	}
	if n := p.cut(waySMTP); n != 1 {
		t.Errorf("cut %d", n)
	}
	c.ended()
	call(t, p).hear("hello")
}

// silenced begins a silence, and returns a function that ends it and reports how many connections it struck.
func silenced(t *testing.T, p *proxy, wholly bool) (end func() int) {
	t.Helper()
	now := func() *silence {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.silences[waySMTP]
	}
	before := now()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan int, 1)
	go func() { done <- p.keepSilent(ctx, waySMTP, time.Hour, wholly) }()
	for deadline := time.Now().Add(time.Minute); now() == before || !p.openLinks(waySMTP)[0].isSilent(); {
		if time.Now().After(deadline) {
			t.Fatal("not silent")
		}
		runtime.Gosched()
	}
	return func() int {
		stop()
		return <-done
	}
}

// TestConnectingLinkIsNotSilent: the end of a silence spares a link that began to connect after it.
func TestConnectingLinkIsNotSilent(t *testing.T) {
	t.Parallel()
	connecting := &link{}
	if connecting.isSilent() {
		t.Error("a link that has no server yet counts as silent")
	}
	connecting.mute(true)
	if !connecting.isSilent() {
		t.Error("a link that was muted before it had a server doesn't count as silent")
	}
}

// TestProxySilence: nothing comes back, on old and new connections, until the reset. Only a silence that is
// not a whole one lets through what Parley says.
func TestProxySilence(t *testing.T) {
	t.Parallel()
	for _, wholly := range []bool{true, false} {
		t.Run(fmt.Sprint(wholly), func(t *testing.T) {
			t.Parallel()
			p, heard := listened(t)
			old := call(t, p)
			old.hear("hello")
			end := silenced(t, p, wholly)
			fresh := call(t, p)
			old.say("from the old one")
			fresh.say("from the new one")
			for _, c := range []*phone{old, fresh} {
				if line, err := c.within(100 * time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("heard %q, %v in the silence", line, err)
				}
			}
			if !wholly {
				for range 2 {
					select {
					case line := <-heard:
						if !strings.HasPrefix(line, "from the ") {
							t.Errorf("the server heard %q", line)
						}
					case <-time.After(time.Minute):
						t.Fatal("the server heard nothing")
					}
				}
			}
			if n := end(); n != 1 {
				t.Errorf("struck %d", n)
			}
			old.ended()
			fresh.ended()
			if len(heard) > 0 {
				t.Errorf("the server heard %q", <-heard)
			}
			call(t, p).hear("hello")
		})
	}
}

// TestProxySilences: the end of a silence does not end one that began later.
func TestProxySilences(t *testing.T) {
	t.Parallel()
	p, _ := testProxy(t)
	call(t, p).hear("hello")
	endFirst := silenced(t, p, true)
	endSecond := silenced(t, p, true)
	endFirst()
	if line, err := call(t, p).within(100 * time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("heard %q, %v in the second silence", line, err)
	}
	endSecond()
	call(t, p).hear("hello")
}

func TestTraps(t *testing.T) {
	t.Parallel()
	p, traps := testProxy(t)
	var set markSet
	set.add(judge.Mark{Kind: judge.Out, Conv: 1, N: 2})
	arm := func(tr *trap) <-chan bool {
		sprang := make(chan bool, 1)
		go func() { sprang <- traps.wait(t.Context(), tr, time.Minute) }()
		for deadline := time.Now().Add(time.Minute); ; {
			traps.mu.Lock()
			armed := len(traps.list)
			traps.mu.Unlock()
			if armed > 0 {
				return sprang
			}
			if time.Now().After(deadline) {
				t.Fatal("not armed")
			}
			runtime.Gosched()
		}
	}
	c := call(t, p)
	c.hear("hello")
	sprang := arm(&trap{way: waySMTP, up: true, match: containsMark(&set), strike: func(l *link) bool { l.holdAnswers(50 * time.Millisecond); return true }})
	c.say("out-c001-1")
	c.hear("out-c001-1") // another message
	began := time.Now()
	c.say("see out-c001-2")
	c.hear("see out-c001-2")
	if !<-sprang || time.Since(began) < 50*time.Millisecond {
		t.Error("the answer was not held back")
	}
	sprang = arm(&trap{way: waySMTP, up: true, match: containsWords("DATA"), strike: func(*link) bool { return false }})
	c.say("DATA")
	c.ended()
	if !<-sprang {
		t.Error("did not spring")
	}
	if traps.wait(t.Context(), &trap{way: waySMTP, match: containsWords("never")}, time.Millisecond) || len(traps.list) != 0 {
		t.Error("sprang, or is still armed")
	}
}

// TestPostgresMoments knows a claim and a commit from what passes.
func TestPostgresMoments(t *testing.T) {
	t.Parallel()
	hot, plain := &link{way: wayBase}, &link{way: wayBase}
	hot.learn([]byte("user\x00parley\x00enable_seqscan\x00off\x00"), true)
	sync := []byte("P…" + pgSync)
	if !isCommitRequest(hot, sync) || isCommitRequest(plain, sync) || !isCommitRequest(plain, []byte("Q\x00\x00\x00\x0bcommit\x00")) {
		t.Error("commits are not told apart")
	}
	claim := []byte("D…reply…sending…" + pgReady)
	for _, c := range []struct {
		l    *link
		text []byte
		want bool
	}{{hot, claim, true}, {plain, claim, false}, {hot, []byte(pgReady), true}, {hot, []byte("D…"), false}} {
		c.l.learn(c.text, false)
		if got := isClaimAnswer(c.l, c.text); got != c.want {
			t.Errorf("%q: %v", c.text, got)
		}
	}
	hot.learn([]byte("next"), true)
	if hot.learn([]byte(pgReady), false); isClaimAnswer(hot, []byte(pgReady)) {
		t.Error("an old claim counts")
	}
}
