// Package outbound makes attempts at deliveries. A delivery is a stored row: one reply to a customer, or one post into a chat of
// agents (a surface, such as Slack). An attempt makes the reply or post as it has to be now, checks what may have changed while
// it waited, hands it to the channel or the surface, and returns what became of it.
//
// What does not belong here: what is said and to whom (engine), when and in which order
// deliveries are attempted, and what their results mean (bridge/relay, engine).
package outbound

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge"
	"parley/bridge/engine/directory"
	"parley/bridge/engine/files"
	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
	"parley/store/blob"
	"parley/store/dispatch"
)

// PausedWait is the pause between two attempts while the delivery's account is paused or not connected.
const PausedWait = 10 * time.Second

const (
	maxPostRetry  = 7 * 24 * time.Hour         // how long a post is tried again, unless it is a root
	maxRootRetry  = 100 * 365 * 24 * time.Hour // for ever, but so that noteRestored can add years to it
	maxBestEffort = 10 * time.Minute           // how long a post is tried again that nobody misses for good
)

// Engine is what sending needs of the engine.
type Engine interface {
	Channel(account store.AccountID) channels.Channel // nil while it isn't there
	Surface(account store.AccountID) bridge.Surface   // nil while it isn't there
	Directory() *directory.Directory

	// PostFacts returns what a post shows of its conversation.
	PostFacts(dir *directory.Directory, surface store.AccountID, c *store.Conversation,
		identities map[store.IdentityID]*store.Identity, threads Threads, related []store.Related, now time.Time) bridge.Facts
	// SurfaceName names a chat for people.
	SurfaceName(dir *directory.Directory, surface store.AccountID) string

	// GapWithin reports whether a surface may have missed events within a duration before now.
	GapWithin(surface store.AccountID, last time.Duration) bool
	// Filling reports whether events that a surface has missed are being read, or not applied yet. It returns true for at most
	// limit.
	Filling(ctx context.Context, surface store.AccountID, limit time.Duration) (bool, error)

	// Trouble tells the admins, once, why one thing (what) of an account fails. With c nil it tells them that it works again.
	Trouble(account store.AccountID, what string, c *channels.Condition)
	// ThreadLost journals that the root of a conversation's thread is gone: for each delivery once a minute at most.
	ThreadLost(ctx context.Context, c dispatch.Claimed, root string) error
	// RootRefused journals that a thread can't be opened: once for each reason, which is a word, with a text for people.
	RootRefused(ctx context.Context, c dispatch.Claimed, reason, text string) error
}

// Options are the options of a Sender.
type Options struct {
	Pool    *pgxpool.Pool
	Engine  Engine
	Objects blob.Objects // has the bytes of old blobs; nil means the database has all of them
	Files   *files.Reader
	Backoff []time.Duration // between attempts at a reply that fails for certain
	GapWait time.Duration   // how long replies wait for a surface to fill a gap
	// Original makes the signed link to a mail's HTML original; nil means there is none.
	Original func(message store.MessageID) string
}

// Sender makes attempts at deliveries.
type Sender struct{ opt Options }

// New makes a Sender.
func New(o Options) *Sender { return &Sender{o} }

// attempt is one claimed delivery with what was read for it.
type attempt struct {
	e *Sender
	c dispatch.Claimed
	*material
	body Payload              // of a post; makePost sets it
	dir  *directory.Directory // by which makePost made the post

	unreadable unreadableFile // of a reply
}

// material is what was read for deliveries that were claimed together, at once for all of them.
type material struct {
	err           error // why nothing could be read
	conversations map[store.ConversationID]*store.Conversation
	messages      map[store.MessageID]*store.Message
	identities    map[store.IdentityID]*store.Identity
	threads       Threads
	subjects      map[store.ConversationID]string
	related       []store.Related
	now           time.Time                           // Parley's clock
	templates     map[store.TemplateID]store.Template // the templates that messages use, as they are now
	keys          map[store.ConversationID][]string   // the keys of a chat's customer, by conversation
	changes       map[store.DeliveryID]store.Posting  // where the lines are that other lines replace, by delivery
	missedAgo     map[store.MessageID]time.Duration   // how long ago any process may have missed events of a reply's surface
	behind        map[store.MessageID]bool            // replies that have to wait: an earlier event of their thread is not applied yet
}

// Policy returns how a delivery is attempted: for how long, with which pauses, and whether it may be made twice.
func (e *Sender) Policy(c dispatch.Claimed) relay.Policy {
	if c.Kind == KindReply {
		p := relay.Policy{RequestTimeout: 30 * time.Second, RetryFor: 48 * time.Hour, Backoff: e.opt.Backoff}
		if ch := e.opt.Engine.Channel(c.AccountID); ch != nil {
			caps := ch.Capabilities()
			p.RequestTimeout, p.RetryFor = caps.Sending.Timeout, caps.Sending.RetryFor
			p.Rest, p.AbsentFor = caps.Sending.ReplyEvery, caps.Sending.AbsentFor
		}

		noteRestored(&p, c)
		return p
	}

	kind := bridge.PostKind(c.Kind)
	isDirectMessage := strings.HasPrefix(c.Key, ChannelLane("@"))
	p := relay.Policy{
		RequestTimeout: 30 * time.Second,
		RetryFor:       maxPostRetry,
		PreferDouble:   true,
		Idempotent:     kind.Idempotent(),
		BestEffort:     kind == bridge.PostEphemeral || isDirectMessage,
		Backoff:        []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute},
	}
	if kind == bridge.PostRoot {
		p.RetryFor = maxRootRetry          // without it nobody would ever see the conversation; see reportRefused, reportUnclear
		if PayloadOf(&c.Delivery).Unsure { // made again once already: better twice than never
			p.RepeatFor = maxPostRetry
		}
	} else if p.BestEffort {
		p.RetryFor = maxBestEffort
	} else if kind == bridge.PostMark {
		p.RetryFor = MaxMarkAge
	}

	noteRestored(&p, c)
	if s := e.opt.Engine.Surface(c.AccountID); s != nil {
		p.RequestTimeout = s.Limits().RequestTimeout
	}
	if kind == bridge.PostFiles {
		p.RequestTimeout = MaxUploadTime // less where the lane's lease is shorter
	}

	return p
}

// Attempts returns an attempt for each claim. It reads what they need in one go.
func (e *Sender) Attempts(ctx context.Context, claims []dispatch.Claimed) []relay.Attempt {
	m := e.loadMaterial(ctx, claims)
	list := make([]relay.Attempt, len(claims))
	for i, c := range claims {
		list[i] = &attempt{e: e, c: c, material: m}
	}
	return list
}

// loadMaterial reads what claims need. If that fails, the material has the error, with which all attempts fail.
func (e *Sender) loadMaterial(ctx context.Context, claims []dispatch.Claimed) *material {
	var conversations, cards []store.ConversationID
	var messages []store.MessageID
	var changes []store.DeliveryID
	var replies []store.LeavingReply
	for _, c := range claims {
		conversations = append(conversations, c.ConversationID)
		switch c.Kind {
		case KindReply:
			for _, one := range append([]store.Delivery{c.Delivery}, c.With...) {
				replies = append(replies, store.LeavingReply{Conversation: c.ConversationID, Message: one.MessageID, Began: *c.FirstAt})
			}
			messages = append(messages, c.MessageID)
		case string(bridge.PostSaid), string(bridge.PostFiles):
			messages = append(messages, c.MessageID)
		case string(bridge.PostMark):
		case string(bridge.PostLine):
			changes = append(changes, PayloadOf(&c.Delivery).Changes)
			cards = append(cards, c.ConversationID)
		default:
			cards = append(cards, c.ConversationID)
		}
		for _, d := range c.With {
			messages = append(messages, d.MessageID)
		}
	}

	m := &material{conversations: map[store.ConversationID]*store.Conversation{}, messages: map[store.MessageID]*store.Message{}, threads: Threads{}}
	conversations = sortedUnique(conversations)
	if len(conversations) == 0 {
		return m
	}

	o, err := store.LoadOutgoing(ctx, e.opt.Pool, store.Leaving{Conversations: conversations, Cards: sortedUnique(cards), Messages: sortedUnique(messages),
		Replies: replies, Posted: sortedUnique(changes)})
	if err != nil {
		m.err = Retry(err)
		return m
	}

	for i := range o.Conversations {
		m.conversations[o.Conversations[i].ID] = &o.Conversations[i]
	}

	for i := range o.Messages {
		m.messages[o.Messages[i].ID] = &o.Messages[i]
	}
	m.now = o.Now
	m.threads.Add(o.Threads)
	m.related = o.Related
	m.identities, m.subjects = map[store.IdentityID]*store.Identity{}, o.Subjects
	for i := range o.Identities {
		m.identities[o.Identities[i].ID] = &o.Identities[i]
	}
	m.keys = o.Keys
	m.changes = o.Places
	m.behind = o.Behind
	m.missedAgo = o.MissedAgo
	m.err = e.readTemplates(ctx, m)
	return m
}

// Send implements relay.Attempt.
func (a *attempt) Send(ctx context.Context) (relay.Sent, error) {
	if a.c.Kind == KindReply {
		return a.sendReply(ctx)
	}
	return a.sendPost(ctx)
}

// Reconcile implements relay.Attempt.
func (a *attempt) Reconcile(ctx context.Context) (channels.Outcome, relay.Sent, error) {
	c := a.c
	if c.Kind == KindReply {
		ch := a.e.opt.Engine.Channel(c.AccountID)
		r, err := a.makeReply()
		if err != nil || ch == nil {
			return channels.CannotTell, relay.Sent{}, err
		}

		if c.Joined == 0 { // several messages that left as one have one id
			r.out.Attempt.Owners = func(ctx context.Context, external []string) (map[string]int64, error) {
				return a.e.ownersOf(ctx, c.AccountID, external)
			}
		}

		r.out.Attempt.Reworded = a.isReworded(r)
		outcome, receipt, err := ch.Reconcile(ctx, r.out)
		return outcome, relay.Sent{State: string(receipt.State), ExternalID: receipt.ExternalID, Progress: c.Progress, More: receipt.More}, err
	}

	s := a.e.opt.Engine.Surface(c.AccountID)
	p, t, err := a.makePost(ctx)
	if err != nil || s == nil {
		return channels.CannotTell, relay.Sent{}, err
	}

	if p.Kind == bridge.PostRoot {
		outcome, sent, err := a.lookForRoot(ctx, s, p, t)
		isUnclear := err != nil || outcome == channels.CannotTell || outcome == channels.Absent && sent.Blind
		if isUnclear {
			err = errors.Join(err, a.e.reportUnclear(ctx, c))
		}
		return outcome, sent, err
	}
	outcome, sent, err := s.Reconcile(ctx, p)
	return outcome, a.foundPost(p, t, sent), err
}

// foundPost returns what is to be recorded of a post that was looked for and found. If the thread has got another root in the
// right place meanwhile, a found root counts as one that the conversation has left.
func (a *attempt) foundPost(p bridge.Post, t *store.Thread, sent bridge.Sent) relay.Sent {
	out := landedPost(a.c, p, t, sent)
	isSecond := p.Kind == bridge.PostRoot && t.Root != sent.Message && a.isOutdated(p, t)
	for i := range out.Landed {
		if isSecond {
			out.Landed[i].Thread, out.Landed[i].Left = nil, &out.Landed[i].Post
		}
	}
	return out
}

// lookForRoot looks for the post of an earlier attempt at a root, first in the channel for which the root was queued. If it would
// be posted in another channel now, it looks there, too: the root is absent only if neither of the two has it.
func (a *attempt) lookForRoot(ctx context.Context, s bridge.Surface, now bridge.Post, t *store.Thread) (channels.Outcome, relay.Sent, error) {
	first := now
	first.Place.Channel = queuedFor(a, t)
	outcome, sent, err := s.Reconcile(ctx, first)
	isFound := err == nil && outcome == channels.Landed
	if isFound || first.Place.Channel == now.Place.Channel {
		return outcome, a.foundPost(first, t, sent), err
	}

	outcomeNow, sentNow, errNow := s.Reconcile(ctx, now)
	sentNow.Blind = sentNow.Blind || sent.Blind
	landed := a.foundPost(now, t, sentNow)
	isThere := errNow == nil && outcomeNow == channels.Landed
	isAbsentBefore := err == nil && outcome == channels.Absent
	if !isThere && !isAbsentBefore {
		return channels.CannotTell, landed, err
	}
	return outcomeNow, landed, errNow
}

// ownersOf returns, by a provider's ids in an account, the messages that have them. Unknown ids are left out.
func (e *Sender) ownersOf(ctx context.Context, account store.AccountID, external []string) (map[string]int64, error) {
	asked := make([]store.ExternalID, len(external))
	for i, id := range external {
		asked[i] = store.ExternalID{AccountID: account, ExternalID: id}
	}

	known, _, err := store.Written(ctx, e.opt.Pool, asked, nil) // no posts are asked for
	if err != nil {
		return nil, err
	}
	owners := map[string]int64{}
	for _, k := range known {
		owners[k.ExternalID] = int64(k.MessageID)
	}
	return owners, nil
}

// partToken names a part of a delivery to a surface, which doesn't look into it.
func partToken(c dispatch.Claimed) string { return tokenOf(sentAs(c), c.Part) }

func tokenOf(sent store.DeliveryID, part int) string {
	return strconv.FormatInt(int64(sent), 36) + "." + strconv.Itoa(part)
}

// sentAs returns the id of the delivery by which the other side knows an attempt. A delivery that left together with another
// one left under that one's id.
func sentAs(c dispatch.Claimed) store.DeliveryID { return cmp.Or(c.Joined, c.ID) }

// longPause is how long a pause that a provider asks for has to be, so that admins are told: meanwhile the account sends nothing.
const longPause = time.Hour

// BrokenBy returns the account's condition if an attempt failed in a way that only a person can put right, or that keeps
// the whole account from sending for long. Otherwise it returns nil.
func BrokenBy(err error) *channels.Condition {
	var se *channels.SendError
	if !errors.As(err, &se) {
		return nil
	}

	text := cmp.Or(se.AccountText, se.Text)
	isPaused := se.Class == channels.Throttled && !se.Pair && se.Wait >= longPause
	if isPaused {
		// After each pause a message or two of a day's quota may leave, which doesn't show yet that the account works again.
		return &channels.Condition{Status: channels.Broken, Text: text, Hint: se.Hint, Lasts: se.Wait + longPause}
	}
	if se.Class == channels.AuthBroken || se.Class == channels.AccountBlocked {
		return &channels.Condition{Status: channels.Broken, Text: text, Hint: se.Hint}
	}
	return nil
}

// Retry turns an error that came before the first byte left into a *channels.SendError after which the attempt is repeated. nil,
// and errors of that type, are returned as they are.
func Retry(err error) error {
	var se *channels.SendError
	if err == nil || errors.As(err, &se) {
		return err
	}
	return &channels.SendError{Class: channels.Retry, Text: "Parley could not prepare the message.", Cause: err}
}

// sortedUnique returns the ids in ascending order, each once and without 0. It changes list.
func sortedUnique[T ~int64](list []T) []T {
	slices.Sort(list)
	return slices.DeleteFunc(slices.Compact(list), func(id T) bool { return id == 0 })
}

// MaxMarkAge is how long a mark may wait until it is posted. A surface takes few marks a minute from all conversations
// together, and nobody looks for a mark after that time.
const MaxMarkAge = time.Hour
