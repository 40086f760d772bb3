package outbound

import (
	"bytes"
	"strings"
	"time"

	"parley/bridge"
	"parley/bridge/relay"
	"parley/store"
	"parley/store/dispatch"
)

const (
	maxPostRetry  = 7 * 24 * time.Hour         // how long a post is tried again, unless it is a root
	maxRootRetry  = 100 * 365 * 24 * time.Hour // for ever, but so that noteRestored can add years to it
	maxBestEffort = 10 * time.Minute           // how long a post is tried again that nobody misses for good
)

// MaxUploadTime is how long posting files may take at most.
const MaxUploadTime = 10 * time.Minute

// MaxMarkAge is how long a mark may wait until it is posted. A surface takes few marks a minute from all conversations
// together, and nobody looks for a mark after that time.
const MaxMarkAge = time.Hour

// Policy returns how a delivery is attempted: for how long, with which pauses, and whether it may be made twice.
func (e *Sender) Policy(c dispatch.Claimed) relay.Policy {
	policy := e.postPolicy
	if c.Kind == KindReply {
		policy = e.replyPolicy
	}

	p := policy(c)
	if bytes.Contains(c.Payload, []byte(`"uncounted"`)) { // this spares the decoding, nearly always
		p.Uncounted = PayloadOf(&c.Delivery).Uncounted
	}
	return p
}

// replyPolicy returns the policy of a reply: mostly that of its channel.
func (e *Sender) replyPolicy(c dispatch.Claimed) relay.Policy {
	p := relay.Policy{RequestTimeout: 30 * time.Second, RetryFor: 48 * time.Hour, Backoff: e.opt.Backoff}
	if ch := e.opt.Engine.Channel(c.AccountID); ch != nil {
		sending := ch.Capabilities().Sending
		p.RequestTimeout = sending.Timeout
		p.RetryFor = sending.RetryFor
		p.Rest = sending.ReplyEvery
		p.AbsentFor = sending.AbsentFor
	}
	noteRestored(&p, c)
	return p
}

// postPolicy returns the policy of a post. Better a post stands there twice than never.
func (e *Sender) postPolicy(c dispatch.Claimed) relay.Policy {
	kind := bridge.PostKind(c.Kind)
	isDirectMessage := strings.HasPrefix(c.Key, ChannelLane("@"))
	p := relay.Policy{
		RequestTimeout: 30 * time.Second,
		RetryFor:       maxPostRetry,
		PreferDouble:   true,
		Idempotent:     kind.Idempotent(),
		BestEffort:     kind == bridge.PostEphemeral || isDirectMessage,
		Backoff: []time.Duration{
			time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute,
		},
	}

	switch {
	case kind == bridge.PostRoot:
		p.RetryFor = maxRootRetry          // without it nobody would ever see the conversation; see reportRefused, reportUnclear
		if PayloadOf(&c.Delivery).Unsure { // made again once already: better twice than never
			p.RepeatFor = maxPostRetry
		}
	case p.BestEffort:
		p.RetryFor = maxBestEffort
	case kind == bridge.PostMark:
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

// noteRestored notes in the policy of a delivery that it came with a backup: it may have been sent after the backup was made.
// The delivery is tried for longer, by the time from its first attempt to the restore. Versions before restored_at didn't note
// when the restore was. For their rows the time of the first look for the delivery takes its place (AbsentAt, SentAt).
func noteRestored(p *relay.Policy, c dispatch.Claimed) {
	if !bytes.Contains(c.Payload, []byte(`"restored"`)) { // nearly always: this spares the decoding
		return
	}

	body := PayloadOf(&c.Delivery)
	p.Restored = body.Restored && c.State == store.Unknown
	since := body.RestoredAt
	if since == nil && body.Restored && !body.Unsure {
		since = c.AbsentAt // dispatch.Finish notes then when it was restored, but the version before didn't
		if c.State == store.Unknown {
			since = c.SentAt // of the attempt that is looked for; an attempt that begins now has the present time there
		}
	}
	if since != nil && c.FirstAt != nil {
		before := max(since.Sub(*c.FirstAt), 0)
		p.RetryFor += before
		if p.RepeatFor > 0 {
			p.RepeatFor += before
		}
	}
}
