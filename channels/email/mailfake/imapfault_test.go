package mailfake_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"parley/channels/email/mailfake"
)

func fetchAll(c *imapclient.Client, uids ...imap.UID) ([]*imapclient.FetchMessageBuffer, error) {
	return c.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{whole()}}).Collect()
}

// TestFetchFaults: what a client gets for three mails, and that a new connection
// (the same one, where it survives) gets all afterwards.
func TestFetchFaults(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name     string
		fault    mailfake.Fault
		fails    bool // the command
		bodies   int  // mails that came whole
		survives bool // the connection
		left     int  // mails in the folder afterwards
	}{
		{"flags only", mailfake.Fault{Action: mailfake.ActionFlagsOnly}, false, 0, true, 3},
		{"unknown item", mailfake.Fault{Action: mailfake.ActionUnknownItem}, true, 0, false, 3},
		{"one vanishes", mailfake.Fault{Action: mailfake.ActionExpunge}, false, 2, true, 2},
		{"all vanish", mailfake.Fault{Action: mailfake.ActionExpunge, Count: 3}, false, 0, true, 0},
		{"BYE", mailfake.Fault{Action: mailfake.ActionBye}, true, 0, false, 3},
		{"dropped before", mailfake.Fault{Action: mailfake.ActionDropBefore}, true, 0, false, 3},
		{"dropped after", mailfake.Fault{Action: mailfake.ActionDropAfter}, true, 3, false, 3},
		{"refused", mailfake.Fault{Action: mailfake.ActionReply, Enhanced: "UNAVAILABLE"}, true, 0, true, 3},
		{"slow", mailfake.Fault{Action: mailfake.ActionDelay, Delay: 5 * time.Millisecond}, false, 3, true, 3},
		{"EXISTS burst", mailfake.Fault{Action: mailfake.ActionExists, Count: 50}, false, 3, true, 3},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			c := fill(t, s, 3, nil)
			before := s.Inbox(support)
			tc.fault.Op = mailfake.OpFETCH
			arm(t, s, tc.fault)
			msgs, err := fetchAll(c, 1, 2, 3)
			if (err != nil) != tc.fails {
				t.Errorf("error: %v", err)
			}
			bodies := 0
			for _, m := range msgs {
				body := m.FindBodySection(whole())
				if slices.ContainsFunc(before, func(r mailfake.Received) bool { return string(r.Raw) == string(body) }) {
					bodies++
				}
			}
			if bodies != tc.bodies {
				t.Errorf("%d bodies, want %d", bodies, tc.bodies)
			}
			if err := c.Noop().Wait(); (err == nil) != tc.survives {
				t.Errorf("connection afterwards: %v", err)
			}
			if !tc.survives {
				c = fill(t, s, 0, nil)
			}
			if msgs, err := fetchAll(c, 1, 2, 3); err != nil || len(msgs) != tc.left {
				t.Errorf("afterwards %d mails, %v", len(msgs), err)
			}
		})
	}
}

// TestCut reads the socket itself: go-imap's client has a data race when a literal ends
// early, because it goes on reading while Collect throws the rest of the literal away.
func TestCut(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ bytes, whole int }{{0, 0}, {1200, 2}} {
		s := start(t)
		for _, subject := range []string{"a", "b", "c"} {
			write(t, s, subject)
		}
		arm(t, s, mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionCut, Bytes: tc.bytes})
		_, fetched, _ := strings.Cut(talk(t, s, "b SELECT INBOX", "c UID FETCH 1:3 (BODY.PEEK[])"), "b OK")
		_, fetched, _ = strings.Cut(fetched, "\r\n")
		in, complete := s.Inbox(support), 0
		for _, r := range in {
			if strings.Contains(fetched, string(r.Raw)) {
				complete++
			}
		}
		cut := in[tc.whole].Raw
		if complete != tc.whole || strings.Contains(fetched, "c OK") || !strings.Contains(fetched, fmt.Sprintf("{%d}\r\n%s", len(cut), cut[:40])) {
			t.Errorf("%d complete, the rest is %q", complete, fetched)
		}
		if tc.bytes != 0 && len(fetched) != tc.bytes {
			t.Errorf("%d bytes came", len(fetched))
		}
	}
}

// TestStall: a FETCH that hangs is released by clearing the faults.
func TestStall(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := fill(t, s, 1, nil)
	id, err := s.AddFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionDelay})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := fetchAll(c, 1)
		done <- err
	}()
	if err := s.WaitFault(soon(t), id, 1); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-done:
		t.Fatalf("answered: %v", err)
	default:
	}
	s.ClearFaults()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-soon(t).Done():
		t.Fatal("still hangs")
	}
}

// TestFreeze: half a literal, silence, then the rest.
func TestFreeze(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := fill(t, s, 2, nil)
	arm(t, s, mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionFreeze})
	cmd := c.Fetch(imap.UIDSetNum(1), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{whole()}})
	var lit imap.LiteralReader
	msg := cmd.Next()
	for lit == nil {
		if body, ok := msg.Next().(imapclient.FetchItemDataBodySection); ok {
			lit = body.Literal
		}
	}
	want := s.Inbox(support)[0].Raw
	first := make([]byte, len(want)/3)
	if _, err := io.ReadFull(lit, first); err != nil {
		t.Fatal(err)
	}
	rest := make(chan []byte, 1)
	go func() {
		b, _ := io.ReadAll(lit)
		rest <- b
	}()
	login(t, s, nil) // another client is served meanwhile
	select {
	case b := <-rest:
		t.Fatalf("did not freeze: %d bytes", len(b))
	default:
	}
	s.ClearFaults()
	if got := append(first, <-rest...); string(got) != string(want) {
		t.Errorf("%d of %d bytes", len(got), len(want))
	}
	if err := cmd.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestUIDValidityChanges(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := fill(t, s, 3, nil)
	if err := c.Store(imap.UIDSetNum(1), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}, Silent: true}, nil).Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Expunge().Close(); err != nil {
		t.Fatal(err)
	}
	before, err := c.Select("INBOX", nil).Wait()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ChangeUIDValidity(support, "INBOX"); err != nil {
		t.Fatal(err)
	}
	if err := c.Noop().Wait(); err == nil {
		t.Error("the client that had it open was kept")
	}
	c = login(t, s, nil)
	after, err := c.Select("INBOX", nil).Wait()
	if err != nil || after.UIDValidity <= before.UIDValidity || after.UIDNext != 3 || after.NumMessages != 2 {
		t.Fatalf("before %+v, after %+v, %v", before, after, err)
	}
	arm(t, s, mailfake.Fault{Op: mailfake.OpSELECT, Action: mailfake.ActionUIDValidity})
	again, err := c.Select("INBOX", nil).Wait()
	if err != nil || again.UIDValidity <= after.UIDValidity {
		t.Fatalf("by fault: %+v, %v", again, err)
	}
	if msgs, err := fetchAll(c, 1, 2); err != nil || len(msgs) != 2 {
		t.Fatalf("fetch: %d, %v", len(msgs), err)
	}
	if err := s.ChangeUIDValidity(support, "Nowhere"); !errors.Is(err, mailfake.ErrNoMailbox) {
		t.Errorf("unknown folder: %v", err)
	}
}

func TestIdleSilent(t *testing.T) {
	t.Parallel()
	s := start(t)
	var l listener
	c := fill(t, s, 0, l.options())
	arm(t, s, mailfake.Fault{Op: mailfake.OpIDLE, Action: mailfake.ActionSilent})
	idle, err := c.Idle()
	if err != nil {
		t.Fatal(err)
	}
	write(t, s, "unheard")
	if err := idle.Close(); err != nil {
		t.Fatal(err)
	}
	if err := idle.Wait(); err != nil {
		t.Fatal(err)
	}
	// The poll after IDLE may tell; IDLE itself must not have. A silent server that
	// never tells would break NOOP too.
	if n := next(t, "EXISTS", l.exists); n != 1 {
		t.Errorf("exists %d", n)
	}
}

func TestIdleBurst(t *testing.T) {
	t.Parallel()
	s := start(t)
	var l listener
	c := fill(t, s, 2, l.options())
	arm(t, s, mailfake.Fault{Op: mailfake.OpIDLE, Action: mailfake.ActionExists, Count: 7})
	if _, err := c.Idle(); err != nil {
		t.Fatal(err)
	}
	for range 7 {
		if n := next(t, "EXISTS", l.exists); n != 2 {
			t.Errorf("exists %d", n)
		}
	}
}

func TestIdleHidden(t *testing.T) {
	t.Parallel()
	s := start(t)
	arm(t, s, mailfake.Fault{Op: mailfake.OpLOGIN, Action: mailfake.ActionHideIdle})
	c := login(t, s, nil)
	if c.Caps().Has(imap.CapIdle) || !c.Caps().Has(imap.CapMove) {
		t.Errorf("capabilities: %v", c.Caps())
	}
	if caps, err := c.Capability().Wait(); err != nil || caps.Has(imap.CapIdle) {
		t.Errorf("capabilities: %v, %v", caps, err)
	}
	if !login(t, s, nil).Caps().Has(imap.CapIdle) {
		t.Error("the next one lacks it too")
	}
}

func TestDisconnectEndsIdle(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := fill(t, s, 0, nil)
	idle, err := c.Idle()
	if err != nil {
		t.Fatal(err)
	}
	s.Disconnect(support)
	if err := idle.Wait(); err == nil {
		t.Error("IDLE ended well")
	}
}

// TestSilentIdleStaysSilent: during IDLE nothing is said, however long it lasts; the
// sign that the server had its chance is that another client's IDLE has told.
func TestSilentIdleStaysSilent(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := arm(t, s, mailfake.Fault{Op: mailfake.OpIDLE, Action: mailfake.ActionSilent})
	var deaf, other listener
	c := fill(t, s, 0, deaf.options())
	if _, err := c.Idle(); err != nil {
		t.Fatal(err)
	}
	if err := s.WaitFault(soon(t), id, 1); err != nil { // the server has said + before it begins
		t.Fatal(err)
	}
	d := fill(t, s, 0, other.options())
	if _, err := d.Idle(); err != nil {
		t.Fatal(err)
	}
	write(t, s, "unheard")
	next(t, "EXISTS", other.exists)
	if len(deaf.exists) != 0 {
		t.Error("the silent IDLE told")
	}
}

func TestConnectFaults(t *testing.T) {
	t.Parallel()
	for _, action := range []mailfake.Action{mailfake.ActionBye, mailfake.ActionReply, mailfake.ActionDropBefore} {
		s := start(t)
		arm(t, s, mailfake.Fault{Op: mailfake.OpIMAPConnect, Action: action})
		c, err := imapclient.DialInsecure(s.IMAPAddr(), nil)
		if err == nil {
			err = c.WaitGreeting()
			_ = c.Close()
		}
		if err == nil {
			t.Errorf("%s: greeted", action)
		}
		login(t, s, nil) // the next connection is greeted
	}
}
