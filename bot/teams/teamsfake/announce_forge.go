package teamsfake

import "context"

// Forger is the part of the Teams emulator that sends the bot requests which real Teams would never send, such as forged
// ones. Tests use it to check that the bot refuses them. For example:
//
//	a := forger.Envelope("message", user, channel, "")
//	a["text"] = "reply: Hello"
//	status, _, err := forger.SendRaw(ctx, entra.…, body) // with a token of another app; the bot must respond 401
type Forger struct {
	*Ground    // the lock, clock and ids that all parts of the emulator share
	org        *Directory
	announcer  *Announcer
	activities *Activities
}

// NewForger makes a Forger whose activities look like those of n.
func NewForger(n *Announcer) *Forger {
	return &Forger{Ground: n.Ground, org: n.Org, announcer: n, activities: n.Activities}
}

// SendRaw sends any bytes to the bot, once, with a token of this kind, and returns the bot's response.
// Errors: those of the connection, ctx's.
func (f *Forger) SendRaw(ctx context.Context, kind Token, body []byte) (status int, answer []byte, err error) {
	return f.activities.SendRaw(ctx, kind, body)
}

// Flood sends n activities of an unknown type concurrently, each with a token of this kind. It returns the number of
// responses by their status; status 0 means that there was no response.
func (f *Forger) Flood(ctx context.Context, kind Token, n int) map[int]int {
	f.Mu.Lock()
	body := MustJSON(f.announcer.Base("floodTest", Where{}))
	f.Mu.Unlock()
	statuses := make(chan int, n)
	for range n {
		f.Host.Go(func() {
			status, _, err := f.SendRaw(ctx, kind, body)
			if err != nil {
				status = 0
			}
			statuses <- status
		})
	}

	counts := map[int]int{}
	for range n {
		counts[<-statuses]++
	}

	return counts
}
