package demo

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"parley/bot/slack/slackfake"
	"parley/channels/email/mailfake"
	"parley/cmd/parley/demo/outside"
)

// flood is how much arrives while the surface refuses everything in one channel.
type flood struct {
	conversations int
	refused       time.Duration // how long it says slow down, at least
	calls         int           // how many calls it refuses, at least
}

// TestFlood: many conversations behind a surface that answers 429 for a while all
// arrive, each in order and once, and another channel notices nothing. Full size
// (1,000 conversations, a minute) with PARLEY_FLOOD=full.
func TestFlood(t *testing.T) {
	t.Parallel()
	size, patience := flood{conversations: 120, refused: 3 * time.Second, calls: 3}, 5*time.Minute
	if os.Getenv("PARLEY_FLOOD") == "full" {
		size, patience = flood{conversations: 1000, refused: time.Minute, calls: 20}, 10*time.Minute
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s := newStage(ctx, t, variant{})
	s.options.Limits, s.options.PostRate, s.rate = true, 50, 50
	defer s.close()
	must(t, s.open())
	s.extra = secondAccount(s.world)
	must(t, s.world.Slack.Admin.Invite(outside.Random, s.world.Slack.BotUserID(), outside.Ann))
	must(t, s.world.Mail.AddMailbox(mailfake.MailboxConfig{Address: "sales@acme.test", Password: outside.HelpPassword}))
	must(t, s.setUp([]string{"settings={collect_floods: off}"})) // all customers are of one domain
	must(t, s.start())

	began := time.Now()
	refusal := s.world.Slack.Inject(slackfake.Fault{Method: "chat.*", Channel: outside.Support, Kind: slackfake.FaultRateLimit})
	size.send(t, s.world)
	s.quiet(t, patience)
	must(t, s.waitFor(patience, "it is refused for a while", func() bool {
		told := s.world.Slack.Faults()
		return len(told) > 0 && told[0].Fired >= size.calls && time.Since(began) >= size.refused
	}))
	refused, lasted := s.world.Slack.Faults(), time.Since(began)
	s.world.Slack.ClearFaults(refusal)
	must(t, s.waitFor(patience, "everything has arrived", func() bool { return size.arrived(s.world) == "" }))
	must(t, s.settle())
	if wrong := size.arrived(s.world); wrong != "" {
		t.Error(wrong)
	}
	if n := len(ours(s.world, outside.Support)); n != size.conversations {
		t.Errorf("%d threads", n)
	}
	if len(refused) == 0 || refused[0].ID != refusal || refused[0].Fired == 0 || refused[0].Fired > 40+int(lasted.Seconds())*20 {
		t.Errorf("refused calls in %s: %+v", lasted, refused)
	}
}

// secondAccount is another mailbox with a channel of its own.
func secondAccount(w *outside.World) string {
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
`, outside.Random, imapHost, imapPort, outside.HelpPassword, smtpHost, smtpPort, outside.HelpPassword)
}

// send lets every customer write two mails, the second to the first.
func (f flood) send(t *testing.T, w *outside.World) {
	t.Helper()
	for i := range f.conversations {
		c := w.Mail.Customer(fmt.Sprintf("c%04d@customer.test", i))
		first, err := c.Send(mailfake.Mail{To: []string{outside.HelpAddress}, Subject: fmt.Sprintf("Matter %04d", i), Text: fmt.Sprintf("First of %04d.", i)})
		must(t, err)
		_, err = c.Send(mailfake.Mail{To: []string{outside.HelpAddress}, Subject: "Re: matter", Text: fmt.Sprintf("Second of %04d.", i), InReplyTo: first.MessageID})
		must(t, err)
	}
}

// quiet says that the other channel gets its mail while this one is refused.
func (s *stage) quiet(t *testing.T, patience time.Duration) {
	t.Helper()
	began := time.Now()
	_, err := s.world.Mail.Customer("vera@customer.test").Send(mailfake.Mail{To: []string{"sales@acme.test"}, Subject: "An order", Text: "Ten lamps."})
	must(t, err)
	must(t, s.waitFor(patience, "the other channel gets its mail", func() bool { return len(ours(s.world, outside.Random)) == 1 }))
	t.Logf("the other channel waited %s", time.Since(began).Round(time.Millisecond))
}

// ours lists the threads that Parley opened in a channel.
func ours(w *outside.World, channel string) []*slackfake.Message {
	var list []*slackfake.Message
	for _, m := range w.Slack.Messages(channel) {
		if m.BotID == w.Slack.BotID() && (m.ThreadTS == "" || m.ThreadTS == m.TS) {
			list = append(list, m)
		}
	}
	return list
}

// arrived reports what is missing, double or out of order; "" when nothing is.
func (f flood) arrived(w *outside.World) string {
	seen := map[string]bool{}
	for _, root := range ours(w, outside.Support) {
		text := plain(root.Text, root.Blocks)
		_, rest, ok := strings.Cut(text, "Matter ")
		if !ok || len(rest) < 4 || seen[rest[:4]] {
			return "an odd or double thread: " + text
		}
		id := rest[:4]
		seen[id] = true
		var said []string // both may stand in one post
		for _, m := range w.Slack.Thread(outside.Support, root.TS)[1:] {
			said = append(said, plain("", m.Blocks))
		}
		shown := strings.Join(said, " ")
		if !inOrder(shown, []string{"First of " + id, "Second of " + id}) || strings.Count(shown, " of "+id) != 2 {
			return fmt.Sprintf("thread %s shows %q", id, said)
		}
	}
	if len(seen) != f.conversations {
		return fmt.Sprintf("%d threads of %d", len(seen), f.conversations)
	}
	return ""
}

// waitFor polls a condition that no signal tells of, at most so long.
func (s *stage) waitFor(most time.Duration, what string, ok func() bool) error {
	ctx, cancel := context.WithTimeout(s.ctx, most)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("in vain: %s", what)
		case <-tick.C:
		}
	}
	return nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
