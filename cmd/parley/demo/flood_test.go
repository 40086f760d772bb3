package demo

import (
	"context"
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"parley/bot/slack/slackfake"
	"parley/channels/email/mailfake"
	"parley/cmd/parley/demo/company"
	"parley/store/storetest"
)

// flood is the number of mails that arrive while the surface refuses all calls for one channel.
type flood struct {
	conversations  int
	minRefusedTime time.Duration // how long the surface answers 429, at least
	minRefusals    int           // how many calls it refuses meanwhile, at least
}

// Mails of 120 customers wait behind a channel that answers 429 for a while. All arrive once and in order, and another
// channel isn't delayed. PARLEY_FLOOD=full uses 1,000 customers and a minute.
func TestFlood(t *testing.T) {
	t.Parallel()
	size, patience := flood{conversations: 120, minRefusedTime: 3 * time.Second, minRefusals: 3}, 5*time.Minute
	if os.Getenv("PARLEY_FLOOD") == "full" {
		size, patience = flood{conversations: 1000, minRefusedTime: time.Minute, minRefusals: 20}, 10*time.Minute
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s := newStage(ctx, t, variant{})
	s.options.Limits, s.options.PostRate, s.rate = true, 50, 50
	defer s.close()
	check(t, s.open())
	s.extra = secondAccount(s.company)
	check(t, s.company.Slack.Admin.Invite(company.Random, s.company.Slack.BotUserID(), company.Ann))
	check(t, s.company.Mail.AddMailbox(mailfake.MailboxConfig{Address: "sales@acme.test", Password: company.HelpPassword}))
	check(t, s.setUp([]string{"settings={collect_floods: off}"})) // all customers are of one domain
	check(t, s.start())

	began := time.Now()
	refusal := s.company.Slack.Inject(slackfake.Fault{Method: "chat.*", Channel: company.Support, Kind: slackfake.FaultRateLimit})
	size.sendMails(t, s.company)
	s.checkOtherChannel(t, patience)

	refusals := func() (n int) {
		for _, f := range s.company.Slack.Faults() {
			if f.ID == refusal {
				n += f.Fired
			}
		}
		return n
	}
	check(t, s.untilWithin(patience, "the channel has refused long enough", func() bool {
		return refusals() >= size.minRefusals && time.Since(began) >= size.minRefusedTime
	}))

	tries, lasted := refusals(), time.Since(began)
	s.company.Slack.ClearFaults(refusal)
	check(t, s.untilWithin(patience, "everything has arrived", func() bool { return size.findFault(s.company) == "" }))
	check(t, s.untilSettled()) // a second copy may come late
	if fault := size.findFault(s.company); fault != "" {
		t.Error(fault)
	}
	if n := len(listThreads(s.company, company.Support)); n != size.conversations {
		t.Errorf("got %d threads, want %d", n, size.conversations)
	}

	const atOnce, perSecond = 40, 20 // the most calls that Parley makes after it was told to slow down
	if limit := atOnce + int(lasted.Seconds())*perSecond; tries > limit {
		t.Errorf("Parley tried %d times within %s of 429, want at most %d", tries, lasted, limit)
	}
}

// secondAccount returns the parley.yaml of another mailbox, with a channel of its own.
func secondAccount(w *company.Company) string {
	imapHost, imapPort, _ := net.SplitHostPort(w.Mail.IMAPAddr())
	smtpHost, smtpPort, _ := net.SplitHostPort(w.Mail.SMTPAddr())
	return fmt.Sprintf(`  - name: sales-mail
    kind: email
    team: Support
    slack_channel: %s
    email:
      address: sales@acme.test
      imap: {host: %s, port: %s, security: none, username: sales@acme.test, password: %s}
      smtp: {host: %s, port: %s, security: none, username: sales@acme.test, password: %s}
`, company.Random, imapHost, imapPort, company.HelpPassword, smtpHost, smtpPort, company.HelpPassword)
}

// sendMails lets each customer write two mails. The second one answers the first.
func (f flood) sendMails(t *testing.T, w *company.Company) {
	t.Helper()
	for i := range f.conversations {
		c := w.Mail.Customer(fmt.Sprintf("c%04d@customer.test", i))
		first := must(c.Send(mailfake.Mail{To: []string{company.HelpAddress}, Subject: fmt.Sprintf("Matter %04d", i),
			Text: fmt.Sprintf("First of %04d.", i)}))(t)
		must(c.Send(mailfake.Mail{To: []string{company.HelpAddress}, Subject: "Re: matter", Text: fmt.Sprintf("Second of %04d.", i),
			InReplyTo: first.MessageID}))(t)
	}
}

// checkOtherChannel checks that the other channel gets its mail while the first one refuses calls.
func (s *stage) checkOtherChannel(t *testing.T, patience time.Duration) {
	t.Helper()
	began := time.Now()
	must(s.company.Mail.Customer("vera@customer.test").Send(mailfake.Mail{To: []string{"sales@acme.test"}, Subject: "An order",
		Text: "Ten lamps."}))(t)
	check(t, s.untilWithin(patience, "the other channel gets its mail", func() bool {
		return len(listThreads(s.company, company.Random)) == 1
	}))
	t.Logf("the other channel waited %s", time.Since(began).Round(time.Millisecond))
}

// listThreads lists the threads that Parley opened in a channel.
func listThreads(w *company.Company, channel string) []*slackfake.Message {
	var list []*slackfake.Message
	for _, m := range w.Slack.Messages(channel) {
		if m.BotID == w.Slack.BotID() && (m.ThreadTS == "" || m.ThreadTS == m.TS) {
			list = append(list, m)
		}
	}
	return list
}

// findFault describes a message that is missing, doubled or out of order. It returns "" if there is none.
func (f flood) findFault(w *company.Company) string {
	seen := map[string]bool{}
	for _, root := range listThreads(w, company.Support) {
		text := plain(root.Text, root.Blocks)
		subject := regexp.MustCompile(`Matter (\d{4})`).FindStringSubmatch(text)
		if subject == nil {
			return "a thread about nothing that was sent: " + text
		}
		id := subject[1]
		if seen[id] {
			return "two threads about Matter " + id
		}
		seen[id] = true

		var said []string // both mails may be in one post
		for _, m := range w.Slack.Thread(company.Support, root.TS)[1:] {
			said = append(said, plain("", m.Blocks))
		}
		shown := strings.Join(said, " ")
		if !inOrder(shown, []string{"First of " + id, "Second of " + id}) || strings.Count(shown, " of "+id) != 2 {
			return fmt.Sprintf("thread %s shows %q", id, said)
		}
	}
	if len(seen) != f.conversations {
		return fmt.Sprintf("got %d threads, want %d", len(seen), f.conversations)
	}
	return ""
}

// untilWithin polls a condition for which there is no signal, and gives up after patience.
func (s *stage) untilWithin(patience time.Duration, what string, ok func() bool) error {
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited in vain for: %s", what)
		case <-tick.C:
		}
	}
	return nil
}

var check = storetest.Check

func must[T any](v T, err error) func(testing.TB) T { return storetest.Must(v, err) }
