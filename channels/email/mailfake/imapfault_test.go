package mailfake_test

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"parley/channels/channelstest"
	"parley/channels/email/mailfake"
)

func fetchAll(c *imapclient.Client, uids ...imap.UID) ([]*imapclient.FetchMessageBuffer, error) {
	return c.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{wholeMail()}}).Collect()
}

// fetchTest is a fault of FETCH, in a folder with three mails.
type fetchTest struct {
	name   string
	fault  mailfake.Fault
	bodies int // mails that come whole
	left   int // mails in the folder afterwards
}

// fetchUnderFault fetches three mails while a fault is set. It checks how many arrive whole, and returns the command's
// error.
func (tt fetchTest) fetchUnderFault(t *testing.T, s *mailfake.Server, c *imapclient.Client) error {
	t.Helper()
	before := s.Inbox(support)
	f := tt.fault
	f.Op = mailfake.OpFETCH
	addFault(t, s, f)
	msgs, err := fetchAll(c, 1, 2, 3)

	bodies := 0
	for _, m := range msgs {
		body := m.FindBodySection(wholeMail())
		if slices.ContainsFunc(before, func(r mailfake.Received) bool { return string(r.Raw) == string(body) }) {
			bodies++
		}
	}
	wantEqual(t, "mails that came whole", bodies, tt.bodies)
	return err
}

// wantLeft checks that all remaining mails can be fetched.
func (tt fetchTest) wantLeft(t *testing.T, c *imapclient.Client) {
	t.Helper()
	msgs, err := fetchAll(c, 1, 2, 3)
	if err != nil {
		t.Errorf("FETCH afterwards: %v", err)
	}
	wantEqual(t, "mails afterwards", len(msgs), tt.left)
}

// With these faults FETCH still succeeds.
func TestFetchFaultsThatSucceed(t *testing.T) {
	t.Parallel()
	tests := []fetchTest{
		{name: "flags only", fault: mailfake.Fault{Action: mailfake.ActionFlagsOnly}, bodies: 0, left: 3},
		{name: "one mail vanishes", fault: mailfake.Fault{Action: mailfake.ActionExpunge}, bodies: 2, left: 2},
		{name: "all mails vanish", fault: mailfake.Fault{Action: mailfake.ActionExpunge, Count: 3}, bodies: 0, left: 0},
		{name: "slow answer", fault: mailfake.Fault{Action: mailfake.ActionDelay, Delay: 5 * time.Millisecond}, bodies: 3, left: 3},
		{name: "burst of EXISTS", fault: mailfake.Fault{Action: mailfake.ActionExists, Count: 50}, bodies: 3, left: 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			c := openInbox(t, s, 3, nil)
			noError(t, tt.fetchUnderFault(t, s, c))
			noError(t, c.Noop().Wait())
			tt.wantLeft(t, c)
		})
	}
}

// A refused FETCH leaves the connection open.
func TestFetchRefused(t *testing.T) {
	t.Parallel()
	tt := fetchTest{fault: mailfake.Fault{Action: mailfake.ActionReply, ResponseCode: "UNAVAILABLE"}, left: 3}
	s := start(t)
	c := openInbox(t, s, 3, nil)
	if tt.fetchUnderFault(t, s, c) == nil {
		t.Error("FETCH succeeded, want it refused")
	}
	noError(t, c.Noop().Wait())
	tt.wantLeft(t, c)
}

// These faults of FETCH end the connection. A new connection gets all mails.
func TestFetchFaultsThatEndTheConnection(t *testing.T) {
	t.Parallel()
	tests := []fetchTest{
		{name: "unknown item", fault: mailfake.Fault{Action: mailfake.ActionUnknownItem}, left: 3},
		{name: "BYE", fault: mailfake.Fault{Action: mailfake.ActionBye}, left: 3},
		{name: "dropped before the answer", fault: mailfake.Fault{Action: mailfake.ActionDropBefore}, left: 3},
		{name: "dropped after the mails", fault: mailfake.Fault{Action: mailfake.ActionDropAfter}, bodies: 3, left: 3},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			c := openInbox(t, s, 3, nil)
			if tt.fetchUnderFault(t, s, c) == nil {
				t.Error("FETCH succeeded, want an error")
			}
			if c.Noop().Wait() == nil {
				t.Error("the connection goes on, want it ended")
			}
			tt.wantLeft(t, openInbox(t, s, 0, nil))
		})
	}
}

// fetchByHand fetches three mails of a folder, and returns the part of the answer that arrives. It reads the socket
// itself, because go-imap's client has a data race if a literal ends early: it goes on reading while Collect discards
// the rest of the literal.
func fetchByHand(t *testing.T, s *mailfake.Server) string {
	t.Helper()
	_, answer, _ := strings.Cut(speakIMAP(t, s, "b SELECT INBOX", "c UID FETCH 1:3 (BODY.PEEK[])"), "b OK")
	_, fetched, _ := strings.Cut(answer, "\r\n") // the rest of the line
	if strings.Contains(fetched, "c OK") {
		t.Errorf("got %q, want no answer to FETCH", fetched)
	}
	return fetched
}

// wantBegun checks that the first bytes of a mail arrived.
func wantBegun(t *testing.T, fetched string, r mailfake.Received) {
	t.Helper()
	if want := fmt.Sprintf("{%d}\r\n%s", len(r.Raw), r.Raw[:40]); !strings.Contains(fetched, want) {
		t.Errorf("got %q, want %q in it", fetched, want)
	}
}

// A fault can cut the connection in the middle of the first mail.
func TestCutInTheFirstMail(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, subject := range []string{"a", "b", "c"} {
		writeToSupport(t, s, subject)
	}
	addFault(t, s, mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionCut})
	fetched := fetchByHand(t, s)
	for i, r := range s.Inbox(support) {
		wantEqual(t, fmt.Sprintf("mail %d came whole", i+1), strings.Contains(fetched, string(r.Raw)), false)
	}
	wantBegun(t, fetched, s.Inbox(support)[0])
}

// A fault can cut the connection after a number of bytes.
func TestCutAfterSomeBytes(t *testing.T) {
	t.Parallel()
	const inTheThird = 1200
	s := start(t)
	for _, subject := range []string{"a", "b", "c"} {
		writeToSupport(t, s, subject)
	}
	addFault(t, s, mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionCut, Bytes: inTheThird})
	fetched := fetchByHand(t, s)
	wantEqual(t, "bytes that came", len(fetched), inTheThird)
	inbox := s.Inbox(support)
	for i, want := range []bool{true, true, false} {
		wantEqual(t, fmt.Sprintf("mail %d came whole", i+1), strings.Contains(fetched, string(inbox[i].Raw)), want)
	}
	wantBegun(t, fetched, inbox[2])
}

// A FETCH that hangs goes on when the faults are cleared.
func TestHangingFetch(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := openInbox(t, s, 1, nil)
	id := addFault(t, s, mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionDelay})
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
		noError(t, err)
	case <-testContext(t).Done():
		t.Fatal("FETCH hangs after the faults were cleared")
	}
}

// A frozen FETCH sends a part of a mail. It sends nothing more while others are served, and sends the rest when the
// faults are cleared.
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
	if got := append(first, channelstest.Receive(t, rest, "the rest comes")...); string(got) != string(want) {
		t.Errorf("got %d bytes %q, want the %d of the mail", len(got), got, len(want))
	}
	noError(t, cmd.Close())
}

// A silent IDLE doesn't announce a mail. The command after IDLE does: a server that never announced it would break
// NOOP, too.
func TestIdleSilent(t *testing.T) {
	t.Parallel()
	s := start(t)
	var l listener
	c := openInbox(t, s, 0, l.options())
	addFault(t, s, mailfake.Fault{Op: mailfake.OpIDLE, Action: mailfake.ActionSilent})
	idle, err := c.Idle()
	noError(t, err)
	writeToSupport(t, s, "unheard")
	noError(t, idle.Close())
	noError(t, idle.Wait())
	wantNext(t, "EXISTS", l.exists, 1)
}

// The fault of a burst makes the server announce the number of mails again and again.
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

// If a fault hides IDLE from a login, that login has all other capabilities. The next login has IDLE again.
func TestIdleHidden(t *testing.T) {
	t.Parallel()
	s := start(t)
	addFault(t, s, mailfake.Fault{Op: mailfake.OpLOGIN, Action: mailfake.ActionHideIdle})
	c := login(t, s, nil)
	wantEqual(t, "it has IDLE", c.Caps().Has(imap.CapIdle), false)
	wantEqual(t, "it has MOVE", c.Caps().Has(imap.CapMove), true)
	caps, err := c.Capability().Wait()
	noError(t, err)
	wantEqual(t, "it has IDLE by CAPABILITY", caps.Has(imap.CapIdle), false)
	wantEqual(t, "the next login has IDLE", login(t, s, nil).Caps().Has(imap.CapIdle), true)
}

// Disconnect ends an IDLE with an error.
func TestDisconnectEndsIdle(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := openInbox(t, s, 0, nil)
	idle, err := c.Idle()
	noError(t, err)
	s.Disconnect(support)
	if err := idle.Wait(); err == nil {
		t.Error("IDLE ended without an error, want the connection dropped")
	}
}

// During a silent IDLE the server announces nothing. To show that it had time to do so, another client's IDLE is told
// of the mail first.
func TestSilentIdleStaysSilent(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := addFault(t, s, mailfake.Fault{Op: mailfake.OpIDLE, Action: mailfake.ActionSilent})
	var deaf, other listener
	c := openInbox(t, s, 0, deaf.options())
	if _, err := c.Idle(); err != nil {
		t.Fatal(err)
	}
	noError(t, s.WaitFault(testContext(t), id, 1)) // the server has begun the silent IDLE
	d := openInbox(t, s, 0, other.options())
	if _, err := d.Idle(); err != nil {
		t.Fatal(err)
	}
	writeToSupport(t, s, "unheard")
	wantNext(t, "EXISTS", other.exists, 1)
	wantEqual(t, "announcements by the silent IDLE", len(deaf.exists), 0)
}

// A fault at the beginning keeps one connection from being greeted, and not the next.
func TestConnectFaults(t *testing.T) {
	t.Parallel()
	for _, action := range []mailfake.Action{mailfake.ActionBye, mailfake.ActionReply, mailfake.ActionDropBefore} {
		t.Run(string(action), func(t *testing.T) {
			t.Parallel()
			s := start(t)
			addFault(t, s, mailfake.Fault{Op: mailfake.OpIMAPConnect, Action: action})
			if dialAndWaitGreeting(s) == nil {
				t.Error("the connection was greeted, want an error")
			}
			noError(t, dialAndWaitGreeting(s)) // the next connection
		})
	}
}

func dialAndWaitGreeting(s *mailfake.Server) error {
	c, err := imapclient.DialInsecure(s.IMAPAddr(), nil)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	return c.WaitGreeting()
}
