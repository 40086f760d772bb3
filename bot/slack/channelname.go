package slack

import (
	"context"
	"maps"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/slack/fact"
	"parley/bot/slack/refusal"
)

// Slack mentions channels by their ids, "<#C0123>". A customer must not read an id, so the directory asks Slack for
// the names before a message is stored. Names are kept, and so is the fact that the app can't see a channel.

// askTimeout bounds all questions to Slack about events that came together. The events are stored after them, but
// Slack wants an answer within 3 s, and an event may take back a waiting reply.
const askTimeout = time.Second

// boundAsking returns a context for all questions to Slack about events that came together.
func (d *directory) boundAsking(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, d.askTimeout)
}

// channelName is what Slack said of a channel's name.
type channelName struct {
	name    string    // "" for a channel that the app can't see
	askFrom time.Time // when Slack may be asked again
}

// withChannelNames returns a copy of self that also has the names of channels that body mentions only by id.
func (d *directory) withChannelNames(ctx context.Context, self *fact.Self, body []byte) *fact.Self {
	mentioned := fact.UnnamedChannels(body)
	if len(mentioned) == 0 {
		return self
	}

	named := *self
	named.Names = maps.Clone(self.Names)
	if named.Names == nil {
		named.Names = map[string]string{}
	}

	for _, id := range mentioned {
		if name := d.channelName(ctx, id); name != "" {
			named.Names[id] = name
		}
	}

	return &named
}

// channelName returns the name of a channel. If Slack doesn't tell it now, it returns the last known name, or "".
func (d *directory) channelName(ctx context.Context, id string) string {
	known, _ := d.channelNames.Get(id)
	if d.now().Before(known.askFrom) {
		return known.name
	}

	var ch *slackapi.Channel
	err := d.retryRead(ctx, func(ctx context.Context) error {
		var err error
		ch, err = d.api.GetConversationInfoContext(ctx, &slackapi.GetConversationInfoInput{ChannelID: id})
		return err
	})
	if err != nil && refusal.CodeOf(err) != "channel_not_found" {
		d.log.Warn("slack name of a channel not known", "channel", id, "error", err)
		if pause := pauseAfter(err); pause > 0 {
			d.channelNames.Put(id, channelName{name: known.name, askFrom: d.now().Add(pause)})
		}
		return known.name
	}

	answer := channelName{askFrom: d.now().Add(channelsMaxAge)}
	if err == nil && ch != nil {
		answer.name = ch.Name
	}
	d.channelNames.Put(id, answer)
	return answer.name
}

// pauseAfter returns how long Slack isn't asked for a name again after err; 0 if it may be asked at once.
func pauseAfter(err error) time.Duration {
	if wait, limited := refusal.RateLimit(err); limited {
		return min(wait, channelsMaxAge)
	}
	if refusal.IsTemporary(err) || refusal.CodeOf(err) == "" {
		return 0
	}
	return channelsMaxAge
}
