package teams

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"time"

	"parley/bot/forms"
	"parley/bot/upload"
	"parley/channels"
)

// This file has the HTTP handler of /teams/messages, to which Teams sends activities. An activity is something that
// happened in a channel or a chat, such as a message. The handler (door) stores what happened as facts and responds 200
// only afterwards, because Teams doesn't promise to send anything twice. An invoke is an activity whose response Teams
// shows to the person, such as a click that opens a dialog; see invocation.

// Limits for handling a request. Teams sends an activity again after 15 s, and shows an error if an invoke isn't
// answered within 5 s.
const (
	activityTimeout = 12 * time.Second
	invokeTimeout   = 4 * time.Second
	retryLater      = "5" // Retry-After, in seconds
)

// door handles the requests of Teams. inbound*.go has already verified that they come from Teams.
type door struct {
	*Organisation
	files *files

	reader   *Reader
	access   *access
	history  *history
	lateness Lateness     // detects late messages
	queues   Queues       // keep the activities of a thread in order while they are stored
	upload   *upload.Page // nil if clients of Teams could not reach the page
	zone     *time.Location

	invokeTimeout time.Duration // longer in tests
}

func (d *door) handlersByPattern() map[string]http.Handler {
	all := map[string]http.Handler{"POST /teams/messages": d.reader.Handler(d.serve)}
	if d.upload != nil {
		maps.Copy(all, d.upload.Handlers())
	}
	return all
}

// serve handles a genuine request. a is the decoded body, and raw its bytes.
func (d *door) serve(w http.ResponseWriter, r *http.Request, a Activity, raw []byte) {
	if a.Type == TypeInvoke {
		d.learnAndServeInvoke(w, r, &a, raw)
		return
	}

	ctx, cancel := context.WithTimeout(r.Context(), activityTimeout)
	defer cancel()

	if err := d.store(ctx, &a, raw); err != nil {
		d.announceGap()
		d.answerUnavailable(w, err)
		return
	}

	w.WriteHeader(http.StatusOK)
}

func (d *door) learnAndServeInvoke(w http.ResponseWriter, r *http.Request, a *Activity, raw []byte) {
	ctx, cancel := context.WithTimeout(r.Context(), d.invokeTimeout)
	defer cancel()

	if err := d.access.learn(ctx, a); err != nil {
		d.answerUnavailable(w, err)
		return
	}
	d.serveInvoke(ctx, w, a, raw)
}

// announceGap makes the channels be read soon, because an activity of this moment isn't stored.
func (d *door) announceGap() { d.Sweep.CatchUpSoon(d.Now().Add(-activityTimeout)) }

// store stores the facts of an activity, after those of earlier activities of the same thread.
func (d *door) store(ctx context.Context, a *Activity, raw []byte) error {
	if key := queueOf(a); key != "" {
		leave, err := d.queues.Enter(ctx, key)
		defer leave()
		if err != nil {
			return err
		}
	}

	if err := d.access.learn(ctx, a); err != nil {
		return err
	}
	facts, err := d.factsOf(ctx, a, raw)
	if err != nil || len(facts) == 0 {
		return err
	}
	d.storeEarlierMessages(ctx, a)
	return d.Desk.Accept(ctx, facts...)
}

func (d *door) answerUnavailable(w http.ResponseWriter, err error) {
	if errors.Is(err, channels.ErrOverloaded) {
		w.Header().Set("Retry-After", retryLater)
		http.Error(w, "try again later", http.StatusServiceUnavailable)
		return
	}
	d.Log.Error("teams request not stored", "error", err)
	http.Error(w, "not stored", http.StatusInternalServerError)
}

// answerInvoke responds to an invoke. A nil body means an empty response.
func (d *door) answerInvoke(w http.ResponseWriter, body any) {
	if body == nil {
		w.WriteHeader(http.StatusOK)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if err := json.NewEncoder(w).Encode(body); err != nil {
		d.Log.Info("teams answer not sent", "error", err)
	}
}

func (d *door) formMaker() forms.Maker { return forms.Maker{Desk: d.Desk, Now: d.Now, Zone: d.zone} }

// queueOf returns the key of the queue for an activity, which is that of its thread. Only messages, edits and deletions
// wait in a queue; for other activities it returns "".
func queueOf(a *Activity) string {
	switch a.Type {
	case TypeMessage, TypeMessageUpdate, TypeMessageDelete:
		return KeyOf(PlaceOf(a))
	}
	return ""
}
