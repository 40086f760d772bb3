package mailfake_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/emersion/go-imap/v2"

	"parley/channels/email/mailfake"
)

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
