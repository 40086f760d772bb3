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
	return c.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{wholeMail()}}).Collect()
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
		{name: "flags only", fault: mailfake.Fault{Action: mailfake.ActionFlagsOnly}, survives: true, left: 3},
		{name: "unknown item", fault: mailfake.Fault{Action: mailfake.ActionUnknownItem}, fails: true, left: 3},
		{name: "one vanishes", fault: mailfake.Fault{Action: mailfake.ActionExpunge}, bodies: 2, survives: true, left: 2},
		{name: "all vanish", fault: mailfake.Fault{Action: mailfake.ActionExpunge, Count: 3}, survives: true, left: 0},
		{name: "BYE", fault: mailfake.Fault{Action: mailfake.ActionBye}, fails: true, left: 3},
		{name: "dropped before", fault: mailfake.Fault{Action: mailfake.ActionDropBefore}, fails: true, left: 3},
		{name: "dropped after", fault: mailfake.Fault{Action: mailfake.ActionDropAfter}, fails: true, bodies: 3, left: 3},
		{name: "refused", fault: mailfake.Fault{Action: mailfake.ActionReply, Enhanced: "UNAVAILABLE"}, fails: true, survives: true, left: 3},
		{name: "slow", fault: mailfake.Fault{Action: mailfake.ActionDelay, Delay: 5 * time.Millisecond}, bodies: 3, survives: true, left: 3},
		{name: "EXISTS burst", fault: mailfake.Fault{Action: mailfake.ActionExists, Count: 50}, bodies: 3, survives: true, left: 3},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			c := openInbox(t, s, 3, nil)
			before := s.Inbox(support)
			tc.fault.Op = mailfake.OpFETCH
			addFault(t, s, tc.fault)
			msgs, err := fetchAll(c, 1, 2, 3)
			if (err != nil) != tc.fails {
				t.Errorf("FETCH: got the error %v, want one: %v", err, tc.fails)
			}
			bodies := 0
			for _, m := range msgs {
				body := m.FindBodySection(wholeMail())
				if slices.ContainsFunc(before, func(r mailfake.Received) bool { return string(r.Raw) == string(body) }) {
					bodies++
				}
			}
			wantEqual(t, "mails that came whole", bodies, tc.bodies)
			wantEqual(t, "the connection survives", c.Noop().Wait() == nil, tc.survives)
			if !tc.survives {
				c = openInbox(t, s, 0, nil)
			}
			if msgs, err = fetchAll(c, 1, 2, 3); err != nil {
				t.Errorf("FETCH afterwards: %v", err)
			}
			wantEqual(t, "mails afterwards", len(msgs), tc.left)
		})
	}
}

// TestCut reads the socket itself: go-imap's client has a data race when a literal ends
// early, because it goes on reading while Collect throws the rest of the literal away.
func TestCut(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		bytes int // that come
		whole int // mails among them
	}{{bytes: 0, whole: 0}, {bytes: 1200, whole: 2}} {
		s := start(t)
		for _, subject := range []string{"a", "b", "c"} {
			writeToSupport(t, s, subject)
		}
		addFault(t, s, mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionCut, Bytes: tc.bytes})
		_, fetched, _ := strings.Cut(speakIMAP(t, s, "b SELECT INBOX", "c UID FETCH 1:3 (BODY.PEEK[])"), "b OK")
		_, fetched, _ = strings.Cut(fetched, "\r\n")
		in, complete := s.Inbox(support), 0
		for _, r := range in {
			if strings.Contains(fetched, string(r.Raw)) {
				complete++
			}
		}
		wantEqual(t, "whole mails", complete, tc.whole)
		if strings.Contains(fetched, "c OK") {
			t.Errorf("got %q, want no answer to the command", fetched)
		}
		cut := in[tc.whole].Raw
		if begin := fmt.Sprintf("{%d}\r\n%s", len(cut), cut[:40]); !strings.Contains(fetched, begin) {
			t.Errorf("got %q, want the beginning of the next mail, %q", fetched, begin)
		}
		if tc.bytes != 0 {
			wantEqual(t, "bytes that came", len(fetched), tc.bytes)
		}
	}
}

// TestStall: a FETCH that hangs is released by clearing the faults.
func TestStall(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := openInbox(t, s, 1, nil)
	id, err := s.AddFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionDelay})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := fetchAll(c, 1)
		done <- err
	}()
	noError(t, s.WaitFault(testContext(t), id, 1))
	select {
	case err := <-done:
		t.Fatalf("FETCH was answered with %v, want it to hang", err)
	default:
	}
	s.ClearFaults()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-testContext(t).Done():
		t.Fatal("FETCH hangs after the faults were cleared")
	}
}

// TestFreeze: half a literal, silence, then the rest.
func TestFreeze(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := openInbox(t, s, 2, nil)
	addFault(t, s, mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionFreeze})
	cmd := c.Fetch(imap.UIDSetNum(1), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{wholeMail()}})
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
		t.Fatalf("%d more bytes came, want silence", len(b))
	default:
	}
	s.ClearFaults()
	if got := append(first, <-rest...); string(got) != string(want) {
		t.Errorf("got %d bytes %q, want the %d of the mail", len(got), got, len(want))
	}
	noError(t, cmd.Close())
}

// A new UIDVALIDITY ends the connections that have the folder open, and gives the mails new UIDs; by a fault, too.
func TestUIDValidityChanges(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := openInbox(t, s, 3, nil)
	noError(t, c.Store(imap.UIDSetNum(1), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}, Silent: true}, nil).Close())
	noError(t, c.Expunge().Close())
	before, err := c.Select("INBOX", nil).Wait()
	if err != nil {
		t.Fatal(err)
	}
	noError(t, s.ChangeUIDValidity(support, "INBOX"))
	if err := c.Noop().Wait(); err == nil {
		t.Error("a client that had the folder open goes on, want its connection ended")
	}
	c = login(t, s, nil)
	after, err := c.Select("INBOX", nil).Wait()
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "mails", after.NumMessages, 2)
	wantEqual(t, "UIDNEXT", after.UIDNext, 3)
	if after.UIDValidity <= before.UIDValidity {
		t.Errorf("got the UIDVALIDITY %d after %d, want a greater one", after.UIDValidity, before.UIDValidity)
	}
	addFault(t, s, mailfake.Fault{Op: mailfake.OpSELECT, Action: mailfake.ActionUIDValidity})
	again, err := c.Select("INBOX", nil).Wait()
	if err != nil || again.UIDValidity <= after.UIDValidity {
		t.Fatalf("got %+v, %v by a fault after UIDVALIDITY %d, want a greater one", again, err, after.UIDValidity)
	}
	if msgs, err := fetchAll(c, 1, 2); err != nil || len(msgs) != 2 {
		t.Fatalf("fetched %d mails, %v; want two", len(msgs), err)
	}
	if err := s.ChangeUIDValidity(support, "Nowhere"); !errors.Is(err, mailfake.ErrNoMailbox) {
		t.Errorf("changing an unknown folder: got %v, want %v", err, mailfake.ErrNoMailbox)
	}
}

// A mail that a silent IDLE doesn't announce is told by what follows IDLE: a server that never tells would break NOOP, too.
func TestIdleSilent(t *testing.T) {
	t.Parallel()
	s := start(t)
	var l listener
	c := openInbox(t, s, 0, l.options())
	addFault(t, s, mailfake.Fault{Op: mailfake.OpIDLE, Action: mailfake.ActionSilent})
	idle, err := c.Idle()
	if err != nil {
		t.Fatal(err)
	}
	writeToSupport(t, s, "unheard")
	noError(t, idle.Close())
	noError(t, idle.Wait())
	wantNext(t, "EXISTS", l.exists, 1)
}

// A burst says again and again how many mails there are.
func TestIdleBurst(t *testing.T) {
	t.Parallel()
	s := start(t)
	var l listener
	c := openInbox(t, s, 2, l.options())
	addFault(t, s, mailfake.Fault{Op: mailfake.OpIDLE, Action: mailfake.ActionExists, Count: 7})
	if _, err := c.Idle(); err != nil {
		t.Fatal(err)
	}
	for range 7 {
		wantNext(t, "EXISTS", l.exists, 2)
	}
}

// A login from which IDLE is hidden has all other capabilities; the next one has IDLE again.
func TestIdleHidden(t *testing.T) {
	t.Parallel()
	s := start(t)
	addFault(t, s, mailfake.Fault{Op: mailfake.OpLOGIN, Action: mailfake.ActionHideIdle})
	c := login(t, s, nil)
	wantEqual(t, "it has IDLE", c.Caps().Has(imap.CapIdle), false)
	wantEqual(t, "it has MOVE", c.Caps().Has(imap.CapMove), true)
	caps, err := c.Capability().Wait()
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "it has IDLE by CAPABILITY", caps.Has(imap.CapIdle), false)
	wantEqual(t, "the next login has IDLE", login(t, s, nil).Caps().Has(imap.CapIdle), true)
}

// Disconnect ends an IDLE with an error.
func TestDisconnectEndsIdle(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := openInbox(t, s, 0, nil)
	idle, err := c.Idle()
	if err != nil {
		t.Fatal(err)
	}
	s.Disconnect(support)
	if err := idle.Wait(); err == nil {
		t.Error("IDLE ended without an error, want the connection dropped")
	}
}

// TestSilentIdleStaysSilent: during IDLE nothing is said, however long it lasts; the
// sign that the server had its chance is that another client's IDLE has told.
func TestSilentIdleStaysSilent(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := addFault(t, s, mailfake.Fault{Op: mailfake.OpIDLE, Action: mailfake.ActionSilent})
	var deaf, other listener
	c := openInbox(t, s, 0, deaf.options())
	if _, err := c.Idle(); err != nil {
		t.Fatal(err)
	}
	if err := s.WaitFault(testContext(t), id, 1); err != nil { // the server has said + before it begins
		t.Fatal(err)
	}
	d := openInbox(t, s, 0, other.options())
	if _, err := d.Idle(); err != nil {
		t.Fatal(err)
	}
	writeToSupport(t, s, "unheard")
	wantNext(t, "EXISTS", other.exists, 1)
	wantEqual(t, "announcements by the silent IDLE", len(deaf.exists), 0)
}

// A fault at the beginning keeps one connection from being greeted.
func TestConnectFaults(t *testing.T) {
	t.Parallel()
	for _, action := range []mailfake.Action{mailfake.ActionBye, mailfake.ActionReply, mailfake.ActionDropBefore} {
		s := start(t)
		addFault(t, s, mailfake.Fault{Op: mailfake.OpIMAPConnect, Action: action})
		c, err := imapclient.DialInsecure(s.IMAPAddr(), nil)
		if err == nil {
			err = c.WaitGreeting()
			_ = c.Close()
		}
		if err == nil {
			t.Errorf("%s: the connection was greeted, want an error", action)
		}
		login(t, s, nil) // the next connection is greeted
	}
}
