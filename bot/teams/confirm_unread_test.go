package teams

import (
	"context"
	"net/http"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/bridge"
)

// If Graph can't show a reply, Confirm fails but doesn't say that the reply has changed. The engine decides how long
// the reply waits.
func TestConfirmWhileGraphFails(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault teamsfake.Fault
	}{
		{name: "an error", fault: teamsfake.Fault{Kind: teamsfake.FaultHTTP, Status: http.StatusServiceUnavailable}},
		{name: "a broken connection", fault: teamsfake.Fault{Kind: teamsfake.FaultDrop}},
		{name: "too many requests", fault: teamsfake.Fault{Kind: teamsfake.FaultRateLimit, Retry: 60}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, reply := newReplyWorld(t)
			w.mustReact(ann, reply, takeBack)
			tt.fault.Method = "graph.reply"
			w.fake.Inject(tt.fault)

			ctx, cancel := context.WithTimeout(w.ctx(), time.Second)
			defer cancel()
			got, err := w.surface.Confirm(ctx, reply.Place, reply.Text)
			if err == nil {
				t.Error("Confirm has no error")
			}
			wantEqual(t, "confirmation", got, bridge.Unchanged)
			w.wantFacts(reactionFacts, 0)
		})
	}
}
