package teamsfake_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/channels/emulator"
)

// Several people and the bot act at the same time. No message is lost or mixed up, and the race detector finds nothing.
func TestCrowd(t *testing.T) {
	w := newWorld(t, teamsfake.Options{RetryDelays: []time.Duration{time.Millisecond, time.Millisecond, time.Millisecond, time.Millisecond}})
	const crowd, rounds = 8, 10
	root := w.postCard(withActions(card(textBlock("hello")), execute("Go", "go", nil)))
	_, note := w.botReplies(root, obj{"text": "note"})

	w.srv.Inject(teamsfake.Fault{Method: "event:*", Kind: teamsfake.FaultDuplicate, Chance: 0.2})
	w.srv.Inject(teamsfake.Fault{Method: "event:*", Kind: teamsfake.FaultReorder, Chance: 0.1})
	w.srv.Inject(teamsfake.Fault{Method: "activities.*", Kind: teamsfake.FaultHTTP, Chance: 0.1})
	w.bot.setAnswer(func(a obj) (int, any) {
		return http.StatusOK, obj{"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "ok"}
	})
	w.bot.drain()

	path := w.srv.ServiceURL() + "v3/conversations/" + conv(tickets, root) + "/activities"
	send := func(verb, address string) error {
		req, err := http.NewRequestWithContext(w.ctx, verb, address, bytes.NewReader([]byte(`{"type":"message","text":"x"}`)))
		if err != nil {
			return err
		}
		req.Header = http.Header{"Authorization": {"Bearer " + w.token}, "Content-Type": {"application/json"}}
		res, err := emulator.NewClient().Do(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		_, err = io.Copy(io.Discard, res.Body)
		return err
	}

	var wg sync.WaitGroup
	for i := range crowd {
		wg.Go(func() {
			p := w.srv.As([]string{ann, ben}[i%2])
			for n := range rounds {
				id, err := p.Reply(tickets, root, fmt.Sprint(i, "/", n))
				if err == nil {
					err = p.Edit(tickets, id, "edited")
				}
				if err == nil {
					err = p.React(tickets, root, "like")
				}
				if err == nil {
					_, err = p.Click(w.ctx, tickets, root, "Go", nil)
				}
				if err == nil {
					err = send(http.MethodPost, path)
				}
				if err == nil {
					err = send(http.MethodPut, fmt.Sprint(path, "/", note["id"]))
				}
				if err != nil {
					t.Error(err)
				}
				w.srv.Snapshot("")
			}
		})
	}
	wg.Wait()

	w.waitFor("nothing pending", func() bool { return w.srv.Activities.Pending() == 0 })
	if lost := w.srv.Activities.Lost(); len(lost) > 0 {
		t.Errorf("%d activities were lost, want none; the first: %+v", len(lost), lost[0])
	}
	seen := map[string]bool{}
	for _, m := range w.srv.Thread(tickets, root) {
		wantEqual(t, m.ID+" came before", seen[m.ID], false)
		seen[m.ID] = true
	}
	if len(seen) <= crowd*rounds { // people's replies, and most of the bot's
		t.Errorf("the thread has %d messages, want more than %d", len(seen), crowd*rounds)
	}
}
