package mailfake_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/emersion/go-imap/v2"

	"parley/channels/channelstest"
	"parley/channels/email/mailfake"
)

// WaitFor may wait for a mailbox that doesn't exist yet, and goes on waiting across a Reset.
func TestWaitFor(t *testing.T) {
	t.Parallel()
	s := start(t)
	got := make(chan error, 1)
	looked := make(chan struct{}, 100)
	ctx := testContext(t)
	go func() {
		in, err := s.WaitFor(ctx, "new@customer.test", func(in []mailfake.Received) bool {
			looked <- struct{}{}
			return len(in) == 2
		})
		if err == nil && in[1].Subject != "second" {
			err = fmt.Errorf("got as second mail %+v, want the second after the Reset", in[1])
		}
		got <- err
	}()

	channelstest.Receive(t, looked, "WaitFor looks at the mailbox")
	for _, subject := range []string{"lost", "first", "second"} {
		submit(t, s, letter(t, support, "new@customer.test", subject, "x"))
		if subject == "lost" {
			s.Reset()
		}
	}
	noError(t, channelstest.Receive(t, got, "the second mail comes"))
}

// WaitFor ends with its context.
func TestWaitForEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.WaitFor(ctx, support, atLeast(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

// WaitFor ends when the server is closed.
func TestWaitForEndsWithTheServer(t *testing.T) {
	t.Parallel()
	s := start(t)
	done := make(chan error, 1)
	looked := make(chan struct{}, 10)
	go func() {
		_, err := s.WaitFor(t.Context(), support, func([]mailfake.Received) bool { looked <- struct{}{}; return false })
		done <- err
	}()
	channelstest.Receive(t, looked, "WaitFor looks at the mailbox")
	noError(t, s.Close())
	if err := channelstest.Receive(t, done, "WaitFor ends"); err == nil {
		t.Error("WaitFor ended without an error, want one of a closed server")
	}
}

// A WaitFor that waits for an empty mailbox is woken by the Reset that empties it.
func TestWaitForSeesReset(t *testing.T) {
	t.Parallel()
	s := start(t)
	writeToSupport(t, s, "Hi")
	looked, done := make(chan struct{}, 10), make(chan error, 1)
	go func() {
		_, err := s.WaitFor(testContext(t), support, func(in []mailfake.Received) bool { looked <- struct{}{}; return len(in) == 0 })
		done <- err
	}()
	channelstest.Receive(t, looked, "WaitFor looks at the mailbox")
	s.Reset()
	noError(t, channelstest.Receive(t, done, "WaitFor ends"))
}

// A subscription lists the changes of all folders in order, and ends when the server is closed.
func TestSubscribe(t *testing.T) {
	t.Parallel()
	s := start(t)
	sub := s.Subscribe()
	c := openInbox(t, s, 1, nil)
	noError(t, c.Store(imap.UIDSetNum(1), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close())
	noError(t, c.Expunge().Close())

	want := []mailfake.Change{
		{Address: support, Folder: "INBOX", UID: 1, Kind: mailfake.ChangeAdded},
		{Address: ann, Folder: "Sent", UID: 1, Kind: mailfake.ChangeAdded},
		{Address: support, Folder: "INBOX", UID: 1, Kind: mailfake.ChangeFlags},
		{Address: support, Folder: "INBOX", Kind: mailfake.ChangeRemoved},
	}

	var got []mailfake.Change
	for len(got) < len(want) {
		more, err := sub.Next(testContext(t))
		noError(t, err)
		got = append(got, more...)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got the changes %+v, want %+v", got, want)
	}

	noError(t, s.Close())
	for _, closed := range []*mailfake.Subscription{sub, s.Subscribe()} {
		if more, err := closed.Next(testContext(t)); !errors.Is(err, context.Canceled) {
			t.Errorf("got %+v, %v from a closed server, want %v", more, err, context.Canceled)
		}
	}
}

// If many people write, send and read at the same time, no mail is lost or doubled.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	const people, each = 8, 5
	addressOf := func(person int) string { return fmt.Sprintf("c%d@customer.test", person) }
	var wg sync.WaitGroup
	for p := range people {
		wg.Add(2)
		go func() {
			defer wg.Done()
			for i := range each {
				mail := mailfake.Mail{To: []string{support}, Subject: fmt.Sprint(i), Text: "x"}
				if _, err := s.Customer(addressOf(p)).Send(mail); err != nil {
					t.Errorf("mail %d of customer %d: %v", i, p, err)
				}
			}
		}()
		go func() {
			defer wg.Done()
			for i := range each {
				answer := letter(t, support, addressOf(p), "Hi", "x")
				if err := sender(t, s).DialAndSendWithContext(testContext(t), answer); err != nil {
					t.Errorf("answer %d to customer %d: %v", i, p, err)
				}
			}
		}()
	}

	c := openInbox(t, s, 0, nil)
	got := map[imap.UID]bool{}
	ctx := testContext(t)

	for len(got) < people*each {
		noError(t, c.Noop().Wait())
		var all imap.UIDSet
		all.AddRange(1, 0)
		msgs, err := c.Fetch(all, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{wholeMail()}}).Collect()
		noError(t, err)
		for _, m := range msgs {
			got[m.UID] = true
		}
		if ctx.Err() != nil {
			t.Fatal("mails are missing")
		}
	}

	wg.Wait()
	for p := range people {
		customer := addressOf(p)
		wantEqual(t, "mails of "+customer, len(s.Inbox(customer)), each)
	}
	wantEqual(t, "mails of support", len(s.Inbox(support)), people*each)
	wantEqual(t, "submissions", len(s.Submissions()), people*each)
}

// A server that was never started can be closed.
func TestCloseUnstarted(t *testing.T) {
	t.Parallel()
	if err := mailfake.New(mailfake.Options{}).Close(); err != nil {
		t.Error(err)
	}
}

// A server starts once, on ports that are free, and can be closed twice.
func TestStartAndClose(t *testing.T) {
	t.Parallel()
	s := mailfake.New(mailfake.Options{TLS: true})
	noError(t, s.Start(t.Context()))
	if err := s.Start(t.Context()); err == nil {
		t.Error("a second start succeeded, want an error")
	}

	other := mailfake.New(mailfake.Options{SMTPListen: s.SMTPAddr()})
	if err := other.Start(t.Context()); err == nil {
		t.Error("a start on a port that is taken succeeded, want an error")
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := s.Start(t.Context()); err == nil {
		t.Error("a start after Close succeeded, want an error")
	}
	if addr := s.IMAPTLSAddr(); addr == "" {
		t.Error("there is no address of IMAP under TLS")
	}
}
