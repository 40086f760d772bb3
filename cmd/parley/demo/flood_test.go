package demo

import (
	"context"
	"fmt"
	"testing"
	"time"

	"parley/bot/slack/slackfake"
	"parley/channels/email/mailfake"
	"parley/cmd/parley/demo/company"
	"parley/store/storetest"
)

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
