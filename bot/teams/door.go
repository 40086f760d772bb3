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

// Teams reaches Parley by HTTP requests to /teams/messages. Each has an activity: something that happened in a
// channel or a chat. The door takes these requests. It stores what happened as facts and answers 200 only then,
// because Teams doesn't promise to send anything twice. An invoke is an activity that waits for an answer to show,
// such as a click; see invocation.

// How long we take for a request at most. Teams sends an activity again after 15 s, and shows an error if an invoke
// isn't answered within 5 s.
const (
	activityTimeout = 12 * time.Second
	invokeTimeout   = 4 * time.Second
	retryLater      = "5" // seconds
)

// startChecker checks a conversation that a user wants to begin. If a customer can have only one conversation, open
// is the one that the customer has already; otherwise its ID is 0.
// Errors: *bridge.Problem, with the Field that is wrong.
type startChecker interface {
	MayStart(ctx context.Context, user bridge.SurfaceUser, s bridge.Start) (open bridge.Facts, err error)
}

// replyWatcher is told that a user is about to see a reply's form, and when (at, by Parley's clock) it was made.
type replyWatcher interface {
	ReplyOpened(ctx context.Context, conversation bridge.ConversationID, user bridge.SurfaceUser, at time.Time) error
}

// door handles the requests of Teams. Package inbound has checked before that they really come from there.
type door struct {
	*intake

	desk         Desk
	reader       *inbound.Reader
	installation *installation
	history      *history
	lateness     inbound.Lateness // of all messages that come in
	queues       queues           // of the activities that are being stored
	upload       *upload.Page     // nil if clients of Teams could not reach the page
	zone         *time.Location

	invokeTimeout time.Duration // longer in tests
}

func (d *door) handlersByPattern() map[string]http.Handler {
	all := map[string]http.Handler{"POST /teams/messages": d.reader.Handler(d.serve)}
	if d.upload != nil {
		maps.Copy(all, d.upload.Handlers())
	}
	return all
}

// serve handles a genuine request: a is what was read from raw. It answers 200 only if everything is stored.
func (d *door) serve(w http.ResponseWriter, r *http.Request, a connector.Activity, raw []byte) {
	if a.Type == connector.TypeInvoke {
		ctx, cancel := context.WithTimeout(r.Context(), d.invokeTimeout)
		defer cancel()

		if err := d.installation.learn(ctx, &a); err != nil {
			d.answerUnavailable(w, err)
			return
		}

		d.serveInvoke(ctx, w, &a, raw)
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

// announceGap has the channels read soon, because an activity that came now isn't stored.
func (d *door) announceGap() { d.sweeper.CatchUpSoon(d.Now().Add(-activityTimeout)) }

// store stores the facts of an activity. It first waits until earlier activities of the same thread are stored.
func (d *door) store(ctx context.Context, a *connector.Activity, raw []byte) error {
	if key := queueOf(a); key != "" {
		leave, err := d.queues.enter(ctx, key)
		defer leave()
		if err != nil {
			return err
		}
	}

	if err := d.installation.learn(ctx, a); err != nil {
		return err
	}
	facts, err := d.factsOf(ctx, a, raw)
	if err != nil || len(facts) == 0 {
		return err
	}
	d.storeEarlierMessages(ctx, a)
	return d.desk.Accept(ctx, facts...)
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

// answerInvoke answers an invoke; a nil body means an empty answer.
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

func (d *door) formMaker() forms.Maker { return forms.Maker{Desk: d.desk, Now: d.Now, Zone: d.zone} }
