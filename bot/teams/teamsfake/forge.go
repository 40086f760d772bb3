package teamsfake

import "context"

// Forger sends the bot what Teams itself would never send.
type Forger struct {
	*ground
	org        *organisation
	announcer  *announcer
	activities *Activities
}

// Envelope starts an activity as Teams would send it for a person in a thread (channel "" =
// the personal chat), without content: to be completed or spoilt, and given to SendRaw.
func (f *Forger) Envelope(kind, user, channel, root string) map[string]any {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.announcer.base(kind, where{ch: f.org.channels[channel], root: root, user: user})
	if u := f.org.users[user]; u != nil {
		a["from"] = f.announcer.from(u)
	}
	return a
}

// SendRaw sends any bytes to the bot once, with this kind of token for the present service
// address, and returns its answer.
// Errors: those of the connection, ctx's.
func (f *Forger) SendRaw(ctx context.Context, kind Token, body []byte) (status int, answer []byte, err error) {
	head, err := f.activities.entra.Authorization(kind, f.ServiceURL())
	if err != nil {
		return 0, nil, err
	}
	f.mu.Lock()
	endpoint := f.activities.endpoint
	f.mu.Unlock()
	return f.activities.post(ctx, endpoint, head, body, f.opt.RedeliverAfter, nil)
}

// Flood sends n activities of an unknown type at once, each with a token of this kind, and
// counts the answers by status (0 = none).
func (f *Forger) Flood(ctx context.Context, kind Token, n int) map[int]int {
	f.mu.Lock()
	body := mustJSON(f.announcer.base("floodTest", where{}))
	f.mu.Unlock()
	answers := make(chan int, n)
	for range n {
		f.host.Go(func() {
			status, _, err := f.SendRaw(ctx, kind, body)
			if err != nil {
				status = 0
			}
			answers <- status
		})
	}
	out := map[int]int{}
	for range n {
		out[<-answers]++
	}
	return out
}
