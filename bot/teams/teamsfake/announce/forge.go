package announce

import (
	"context"

	"parley/bot/teams/teamsfake/delivery"
	"parley/bot/teams/teamsfake/entra"
	"parley/bot/teams/teamsfake/tenant"
)

// Forger sends the bot requests that Teams itself would never send, such as forged ones. The bot must refuse them.
type Forger struct {
	*tenant.Ground
	org        *tenant.Directory
	announcer  *Announcer
	activities *delivery.Activities
}

// NewForger makes a Forger whose activities look like those of n.
func NewForger(n *Announcer) *Forger {
	return &Forger{Ground: n.Ground, org: n.Org, announcer: n, activities: n.Activities}
}

// Envelope returns an activity without content, as if a person had caused it in a thread. A test completes or spoils
// it, and gives it to SendRaw. channel "" stands for the personal chat.
func (f *Forger) Envelope(kind, user, channel, root string) map[string]any {
	f.Mu.Lock()
	defer f.Mu.Unlock()
	a := f.announcer.Base(kind, Where{Room: f.org.Channels[channel], Root: root, User: user})
	if u := f.org.Users[user]; u != nil {
		a["from"] = f.announcer.From(u)
	}
	return a
}

// SendRaw sends any bytes to the bot, once, with a token of this kind, and returns the bot's answer.
// Errors: those of the connection, ctx's.
func (f *Forger) SendRaw(ctx context.Context, kind entra.Token, body []byte) (status int, answer []byte, err error) {
	return f.activities.SendRaw(ctx, kind, body)
}

// Flood sends n activities of an unknown type at the same time, each with a token of this kind. It returns how many
// answers had each status; 0 stands for no answer.
func (f *Forger) Flood(ctx context.Context, kind entra.Token, n int) map[int]int {
	f.Mu.Lock()
	body := tenant.MustJSON(f.announcer.Base("floodTest", Where{}))
	f.Mu.Unlock()
	answers := make(chan int, n)
	for range n {
		f.Host.Go(func() {
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
