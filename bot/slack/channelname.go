package slack

import (
	"bytes"
	"context"
	"maps"
	"regexp"
	"time"
)

// Slack's events mention channels by id, as in "see <#C0123>". A customer who gets that message should read "see
// #support", so the directory looks up the name before a message is stored.

// askTimeout limits the time for all lookups at Slack about the events of one request. The lookups delay the response,
// which Slack expects within 3 s. They also delay the event itself, which may cancel a reply that is about to be sent.
const askTimeout = time.Second

// boundAsking returns a context with a timeout for all lookups about the events of one request.
func (d *directory) boundAsking(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, d.askTimeout)
}

// channelName is a cached name.
type channelName struct {
	name    string    // "" if the app can't see the channel, or the name isn't known yet
	askFrom time.Time // no lookup before this time
}

// withChannelNames returns a copy of self, which describes our app, with the names of the channels that body mentions
// without one. Names that can't be looked up are left out.
func (d *directory) withChannelNames(ctx context.Context, self *Self, body []byte) *Self {
	mentioned := UnnamedChannels(body)
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

// channelName returns the name of a channel. If the lookup fails, it returns the last known name, or "".
func (d *directory) channelName(ctx context.Context, id string) string {
	known, _ := d.channelNames.Get(id)
	if d.now().Before(known.askFrom) {
		return known.name
	}

	ch, err := d.readChannel(ctx, id)
	if err != nil && CodeOf(err) != "channel_not_found" {
		d.log.Warn("slack name of a channel not known", "channel", id, "error", err)
		if pause := pauseAfter(err); pause > 0 {
			d.channelNames.Put(id, channelName{name: known.name, askFrom: d.now().Add(pause)})
		}
		return known.name
	}

	fresh := channelName{askFrom: d.now().Add(channelsMaxAge)}
	if err == nil && ch != nil {
		fresh.name = ch.Name
	}
	d.channelNames.Put(id, fresh)
	return fresh.name
}

// pauseAfter returns how long to wait before the next lookup of a name that failed with err.
func pauseAfter(err error) time.Duration {
	if wait, limited := RateLimit(err); limited {
		return min(wait, channelsMaxAge)
	}
	if IsTemporary(err) || CodeOf(err) == "" {
		return 0
	}
	return channelsMaxAge
}

// unnamedChannel matches the mention of a channel that has no name: <#C1> or <#C1|>, as it stands in JSON.
var unnamedChannel = regexp.MustCompile(`(?:<|\\u003[cC])#([CG][A-Z0-9]+)\|?(?:>|\\u003[eE])`)

// UnnamedChannels returns the ids of the channels that a callback mentions without their names.
func UnnamedChannels(body []byte) (ids []string) {
	mayMention := bytes.Contains(body, []byte("<#")) || bytes.Contains(body, []byte(`\u003c#`)) || bytes.Contains(body, []byte(`\u003C#`))
	if !mayMention { // nearly all events: spare the regular expression
		return nil
	}
	for _, mention := range unnamedChannel.FindAllSubmatch(body, -1) {
		ids = append(ids, string(mention[1]))
	}
	return ids
}
