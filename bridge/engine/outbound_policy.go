package engine

import (
	"bytes"
	"strings"
	"time"

	"parley/bridge"
	"parley/bridge/relay"
	"parley/store"
)

// How long a post is retried. A post is a message into a chat of agents; a root is the first post of a conversation's thread.
const (
	maxPostRetry  = 7 * 24 * time.Hour         // for most posts
	maxRootRetry  = 100 * 365 * 24 * time.Hour // for roots: practically forever, without an overflow in noteRestored
	maxBestEffort = 10 * time.Minute           // for posts that nobody misses
)

// MaxUploadTime limits how long posting files may take.
const MaxUploadTime = 10 * time.Minute

// MaxMarkAge limits how long a mark, which is an emoji on an agent's message, may wait to be posted. A surface
// accepts few marks per minute from all conversations together, and nobody looks for a mark after that time.
const MaxMarkAge = time.Hour

// Policy returns how a delivery is attempted: for how long, with which backoff, and whether it may be sent twice.
// A reply to a customer must not arrive twice, so an attempt whose response was lost is not repeated until the
// provider is known to lack it. For a post a duplicate is better than a loss.
func (e *Sender) Policy(c store.ClaimedDelivery) relay.Policy {
	policyOf := e.postPolicy
	if c.Kind == KindReply {
		policyOf = e.replyPolicy
	}

	p := policyOf(c)
	if bytes.Contains(c.Payload, []byte(`"uncounted"`)) { // avoids decoding most payloads
		p.Uncounted = PayloadOf(&c.Delivery).Uncounted
	}
	return p
}

// replyPolicy returns the policy of a reply, which is mostly its channel's.
func (e *Sender) replyPolicy(c store.ClaimedDelivery) relay.Policy {
	p := relay.Policy{RequestTimeout: 30 * time.Second, RetryFor: 48 * time.Hour, Backoff: e.Backoff}
	if ch := e.Engine.Channel(c.AccountID); ch != nil {
		sending := ch.Capabilities().Sending
		p.RequestTimeout = sending.Timeout
		p.RetryFor = sending.RetryFor
		p.Rest = sending.ReplyEvery
		p.AbsentFor = sending.AbsentFor
	}
	noteRestored(&p, c)
	return p
}

// postPolicy returns the policy of a post.
func (e *Sender) postPolicy(c store.ClaimedDelivery) relay.Policy {
	kind := bridge.PostKind(c.Kind)
	isDirectMessage := strings.HasPrefix(c.Key, ChannelLane("@"))
	isNotice := isDirectMessage && PayloadOf(&c.Delivery).Notice
	p := relay.Policy{
		RequestTimeout: 30 * time.Second,
		RetryFor:       maxPostRetry,
		PreferDouble:   true,
		Idempotent:     kind.Idempotent() || isNotice, // not every chat lets us look for a direct message
		BestEffort:     kind == bridge.PostEphemeral || isDirectMessage && !isNotice,
		Backoff: []time.Duration{
			time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute,
		},
	}

	switch {
	case kind == bridge.PostRoot:
		p.RetryFor = maxRootRetry          // nobody would see the conversation without it; see reportRefused, reportUnclear
		if PayloadOf(&c.Delivery).Unsure { // it was repeated once already
			p.RepeatFor = maxPostRetry
		}
	case p.BestEffort:
		p.RetryFor = maxBestEffort
	case kind == bridge.PostMark:
		p.RetryFor = MaxMarkAge
	}

	noteRestored(&p, c)
	if isNotice && p.Restored { // it was probably sent after the backup was made
		p.Idempotent, p.BestEffort = false, true
	}
	if s := e.Engine.Surface(c.AccountID); s != nil {
		p.RequestTimeout = s.Limits().RequestTimeout
	}
	if kind == bridge.PostFiles {
		p.RequestTimeout = MaxUploadTime // the relay shortens it if the lane's lease is shorter
	}
	return p
}

// noteRestored adjusts the policy of a delivery that came with a restored backup: it may have been sent after the
// backup was made. It is retried for longer, by the time between its first attempt and the restore.
func noteRestored(p *relay.Policy, c store.ClaimedDelivery) {
	if !bytes.Contains(c.Payload, []byte(`"restored"`)) { // avoids decoding most payloads
		return
	}

	body := PayloadOf(&c.Delivery)
	p.Restored = body.Restored && c.State == store.Unknown
	since := body.RestoredAt
	if since != nil && c.FirstAt != nil {
		before := max(since.Sub(*c.FirstAt), 0)
		p.RetryFor += before
		if p.RepeatFor > 0 {
			p.RepeatFor += before
		}
	}
}
