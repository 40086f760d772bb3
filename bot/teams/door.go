package teams

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"time"

	"parley/bot/forms"
	"parley/bot/teams/connector"
	"parley/bot/teams/inbound"
	"parley/bot/upload"
	"parley/bridge"
	"parley/channels"
)

// How long a request may take: Teams sends an activity again after 15 s, and shows an error
// when an invoke isn't answered within 5 s.
const (
	activityTimeout = 12 * time.Second
	invokeTimeout   = 4 * time.Second
	retryLater      = "5" // seconds
)

// starter checks a conversation that a user wants to begin. Where a customer can have only one, open is
// the one that they have already; otherwise its ID is 0.
// Errors: *bridge.Problem, with the Field that is wrong.
type starter interface {
	MayStart(ctx context.Context, user string, s bridge.Start) (open bridge.Facts, err error)
}

// replying is told, before a reply's form is shown, who will see it. at is when it was made, by Parley's clock.
type replying interface {
	ReplyOpened(ctx context.Context, conversation bridge.ConversationID, user string, at time.Time) error
}

// door answers requests of Teams.
type door struct {
	*intake

	desk         Desk
	reader       *inbound.Reader
	installation *installation
	history      *history
	lateness     lateness
	upload       *upload.Page // nil = no page, because clients of Teams could not reach it
	zone         *time.Location
}

// handlers gives what takes requests, by pattern.
func (d *door) handlers() map[string]http.Handler {
	all := map[string]http.Handler{"POST /teams/messages": d.reader.Handler(d.serve)}
	if d.upload != nil {
		maps.Copy(all, d.upload.Handlers())
	}
	return all
}

// serve takes a genuine request. It acknowledges nothing that isn't stored.
func (d *door) serve(w http.ResponseWriter, r *http.Request, a connector.Activity, raw []byte) {
	timeout := activityTimeout
	if a.Type == connector.TypeInvoke {
		timeout = invokeTimeout
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	err := d.installation.learn(ctx, &a)
	if a.Type == connector.TypeInvoke {
		if err != nil {
			d.unavailable(w, err)
			return
		}
		d.serveInvoke(ctx, w, &a, raw)
		return
	}
	var facts []channels.Fact
	if err == nil {
		facts, err = d.facts(ctx, &a, raw)
	}
	if err == nil && len(facts) > 0 {
		d.readBefore(ctx, &a)
		err = d.desk.Accept(ctx, facts...)
	}
	if err != nil {
		d.sweeper.CatchUpSoon(d.Now().Add(-activityTimeout)) // Teams doesn't promise to send it again
		d.unavailable(w, err)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// unavailable asks Teams to come back: nothing was stored.
func (d *door) unavailable(w http.ResponseWriter, err error) {
	if errors.Is(err, channels.ErrOverloaded) {
		w.Header().Set("Retry-After", retryLater)
		http.Error(w, "try again later", http.StatusServiceUnavailable)
		return
	}
	d.Log.Error("teams request not stored", "error", err)
	http.Error(w, "not stored", http.StatusInternalServerError)
}

// respond answers an invoke; nil = an empty answer.
func (d *door) respond(w http.ResponseWriter, body any) {
	if body == nil {
		w.WriteHeader(http.StatusOK)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if err := json.NewEncoder(w).Encode(body); err != nil {
		d.Log.Info("teams answer not sent", "error", err)
	}
}

func (d *door) forms() forms.Maker { return forms.Maker{Desk: d.desk, Now: d.Now, Zone: d.zone} }
