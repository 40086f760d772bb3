package engine

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge"
	"parley/channels"
	"parley/store"
	"parley/store/blob"
)

// PausedWait is the pause between attempts while the account is paused or not connected.
const PausedWait = 10 * time.Second

// OutboundEngine is the part of the engine that a Sender needs.
type OutboundEngine interface {
	Channel(account store.AccountID) channels.Channel // nil while it isn't connected
	Surface(account store.AccountID) bridge.Surface   // nil while it isn't connected
	Directory() *Directory

	// PostFacts returns what a post shows of its conversation.
	PostFacts(dir *Directory, surface store.AccountID, c *store.Conversation,
		identities map[store.IdentityID]*store.Identity, threads Threads, related []store.Related, now time.Time) bridge.Facts
	// SurfaceName names a chat for people.
	SurfaceName(dir *Directory, surface store.AccountID) string

	// GapWithin reports whether a surface may have missed events within the duration last before now.
	GapWithin(surface store.AccountID, last time.Duration) bool
	// Filling reports whether events that a surface has missed are still being read or applied. It returns true for
	// at most limit.
	Filling(ctx context.Context, surface store.AccountID, limit time.Duration) (bool, error)

	// Trouble notifies the admins, once, why one thing (what) of an account fails, such as sending. A nil c notifies them that it
	// works again.
	Trouble(account store.AccountID, what string, c *channels.Condition)
	// ThreadLost records an event that the root of a conversation's thread is gone: at most once a minute for each
	// delivery.
	ThreadLost(ctx context.Context, c store.ClaimedDelivery, root string) error
	// RootRefused records an event that a thread can't be opened: once for each reason, which is one word. text is
	// for people.
	RootRefused(ctx context.Context, c store.ClaimedDelivery, reason, text string) error
}

// Sender makes attempts at deliveries. It is safe for concurrent use.
type Sender struct {
	Pool    *pgxpool.Pool
	Engine  OutboundEngine
	Objects blob.Objects // stores the bytes of old blobs; nil means the database has all of them
	Files   *Reader
	Backoff []time.Duration // pauses between attempts at a reply that certainly failed
	GapWait time.Duration   // how long replies wait until missed events of a surface are read
	// Original returns the signed link to a mail's HTML original; nil means there is none.
	Original func(message store.MessageID) string
}

// attempt is the common part of attempts at replies (replyAttempt) and posts (postAttempt): one claimed delivery,
// and the rows that it needs.
type attempt struct {
	sender *Sender
	engine OutboundEngine // the sender's
	claim  store.ClaimedDelivery
	*material
}

// material holds the rows that were read for all deliveries that were claimed together.
type material struct {
	err           error // the error of reading them, with which all attempts fail
	conversations map[store.ConversationID]*store.Conversation
	messages      map[store.MessageID]*store.Message
	identities    map[store.IdentityID]*store.Identity
	threads       Threads
	subjects      map[store.ConversationID]store.Subjects
	related       []store.Related
	now           time.Time                           // Parley's clock
	templates     map[store.TemplateID]store.Template // the templates that messages use, as they are now
	keys          map[store.ConversationID][]string   // the keys (addresses, numbers) of a chat's customer
	changes       map[store.DeliveryID]store.Posting  // where lines were posted that other lines replace
	missedAgo     map[store.MessageID]time.Duration   // how long ago any process may have missed events of a reply's surface
	behind        map[store.MessageID]bool            // replies that wait until an earlier event of their thread is applied
}

// partToken returns an opaque token by which a surface identifies one piece of a delivery.
func partToken(c store.ClaimedDelivery) string { return tokenOf(sentAs(c), c.Part) }

func tokenOf(sent store.DeliveryID, part int) string {
	return strconv.FormatInt(int64(sent), 36) + "." + strconv.Itoa(part)
}

// sentAs returns the id of the delivery under which the other side knows an attempt. A delivery that left
// together with others left under the id of the first of them.
func sentAs(c store.ClaimedDelivery) store.DeliveryID { return cmp.Or(c.Joined, c.ID) }

// longPause is how long a pause demanded by a provider must be for admins to be notified: the account sends
// nothing until it ends.
const longPause = time.Hour

// BrokenBy returns the account's condition if an attempt failed in a way that only a person can fix, or that
// keeps the whole account from sending for long, and nil otherwise.
func BrokenBy(err error) *channels.Condition {
	var se *channels.SendError
	if !errors.As(err, &se) {
		return nil
	}

	text := cmp.Or(se.AccountText, se.Text)
	isPaused := se.Class == channels.Throttled && !se.Pair && se.Wait >= longPause
	if isPaused {
		// After each pause a message or two of a daily quota may leave, which doesn't prove that the account works again.
		return &channels.Condition{Status: channels.Broken, Text: text, Hint: se.Hint, Lasts: se.Wait + longPause}
	}
	if se.Class == channels.AuthBroken || se.Class == channels.AccountBlocked {
		return &channels.Condition{Status: channels.Broken, Text: text, Hint: se.Hint}
	}
	return nil
}

// Retry wraps an error that occurred before the first byte left, so that the attempt is repeated. It returns nil
// and a *channels.SendError as they are.
func Retry(err error) error {
	var se *channels.SendError
	if err == nil || errors.As(err, &se) {
		return err
	}
	return &channels.SendError{Class: channels.Retry, Text: "Parley could not prepare the message.", Cause: err}
}
