package teams

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"parley/bot/shape"
	"parley/bot/teams/card"
	"parley/bot/teams/connector"
	"parley/bot/teams/fact"
	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels"
)

// This file lays out a bridge.Post, which says what to show, as messages of Teams. A post with buttons becomes an
// Adaptive Card, Microsoft's format for cards. Others become text. A long post needs several messages, called its
// parts; each is sent by a call of Send of its own.

// content is what one message shows. Either text or page, a card, is set: of both, Teams would make two messages.
type content struct {
	text *card.Message
	page *card.Page
}

type composedPost struct {
	content

	more   bool              // the post has another part behind this one
	absent []bridge.AgentRef // agents named in it who aren't in the channel, so that Teams doesn't notify them
}

// errBadPost returns the error for a post that can never be made, so that it isn't tried again.
func errBadPost(text string) error {
	return &channels.SendError{Class: channels.BadContent, Text: text}
}

// seedLength is the length of a seed. Twelve hexadecimal digits are enough: seeds only have to differ between the
// cards of one channel.
const seedLength = 12

// nonceSeed returns what the ids of a card's elements and buttons begin with. Reconcile recognises the post by it.
// Each update of a message has another seed, so that a click on its buttons counts as a new one.
func nonceSeed(p bridge.Post) string {
	if isChangeOfMessage(p) {
		return fact.Digest(p.Token, p.FirstAttemptAt.UTC().String())[:seedLength]
	}
	return fact.Digest(p.Token)[:seedLength]
}

// commandForms returns how people can give commands to Parley in a channel, or in their chat with the bot. The cards'
// hints say so. Messages that mention the app reach us from everywhere, others only from channels that we may read.
// Teams tells us of a reaction only if it is to one of our own messages. Those to what people type are found when the
// message is read again before it is sent to the customer.
func (s *poster) commandForms(channel string) view.CommandSyntax {
	if !isChannel(channel) {
		return view.CommandSyntax{Private: true}
	}

	const mention = "@Parley "
	forms := view.CommandSyntax{
		Signs:            []string{"!", mention},
		SignsOutside:     []string{mention},
		SlashCommands:    verb.OfferedInThread(),
		EmojiOnPostsOnly: true,
	}
	if !s.CanRead(channel) {
		forms.OnlyMentions = true
		forms.Signs = []string{mention}
	}

	return forms
}

// composePost lays out one part of a post, the one that p.Part names.
// Errors: a *channels.SendError; for example, Teams doesn't tell now who is in the channel. Nothing was posted then.
func (s *poster) composePost(ctx context.Context, p bridge.Post) (composedPost, error) {
	c, ok := view.Post(p, s.commandForms(p.Place.Channel))
	if !ok {
		return composedPost{}, errBadPost("post without content")
	}

	c, absent, err := s.replaceAbsentMentions(ctx, c, p.Place.Channel)
	if err != nil {
		return composedPost{}, s.access.classifyBeforeSend(err, p)
	}

	asCard := isShownAsCard(p, c)
	saysMayBeTwice := canBeTwice(p)
	if saysMayBeTwice && asCard {
		c.Blocks = append(c.Blocks, view.Small(mayBeTwice))
	}

	parts := s.render(p, c, asCard)
	if p.Part < 0 || p.Part >= len(parts) {
		return composedPost{}, errBadPost("there is no such part")
	}

	out := composedPost{content: parts[p.Part], more: p.Part+1 < len(parts), absent: absent}
	if saysMayBeTwice && !asCard { // this part may be there twice, and it isn't always the last one
		out.text.Text += "<br>" + mayBeTwice
	}

	return out, nil
}

// mayBeTwice marks a post that was made again because nobody could tell whether it was made.
const mayBeTwice = "(This may be shown twice: Teams didn't answer the first time.)"

// canBeTwice reports whether the message of a post may be in its channel twice, so that it must say so. A change of a
// message makes no second one. The exception is a new state of a conversation's card (PostCard): it says so because
// the card may have been posted twice before.
func canBeTwice(p bridge.Post) bool {
	return p.Unsure && (p.Kind == bridge.PostCard || !isChangeOfMessage(p))
}

func isShownAsCard(p bridge.Post, c view.Card) bool {
	switch p.Kind {
	case bridge.PostRoot, bridge.PostCard, bridge.PostErased:
		return true
	default:
	}
	hadButtons := p.Line != nil && p.Line.Outcome != nil // the line was a card with buttons, which it replaces now
	return card.HasButtons(c) || hadButtons
}

// render lays out a card or a text in as many messages as it needs. It returns those that the post makes or changes.
func (s *poster) render(p bridge.Post, c view.Card, asCard bool) []content {
	var parts []content
	if asCard {
		home := s.Home()
		home.Private = p.Kind == bridge.PostEphemeral
		pages := card.Render(c, home, nonceSeed(p))
		for i := range pages {
			parts = append(parts, content{page: &pages[i]})
		}
	} else {
		texts := card.Messages(c, p.Facts.Account.ChannelIcon, s.Home())
		for i := range texts {
			parts = append(parts, content{text: &texts[i]})
		}
	}

	if p.Kind == bridge.PostRoot || p.Kind == bridge.PostCard {
		return parts[:1] // the root is one message, so that it can be updated: it shows what fits
	}
	if p.ChangesLine() {
		return parts[len(parts)-1:] // of a long line only the last message changes: it has the buttons
	}

	return parts
}

// replaceAbsentMentions turns mentions of agents who aren't in the channel into plain names, because Teams refuses
// such mentions. It returns the changed copy, and these agents. In a person's chat with the bot, all mentions become
// plain names, and no agents are returned.
func (s *poster) replaceAbsentMentions(ctx context.Context, c view.Card, channel string) (view.Card, []bridge.AgentRef, error) {
	var absent []bridge.AgentRef
	c.Blocks = slices.Clone(c.Blocks)
	for i := range c.Blocks {
		b := &c.Blocks[i]
		b.Pieces = slices.Clone(b.Pieces)
		for j := range b.Pieces {
			agent := &b.Pieces[j].Agent
			if b.Pieces[j].Kind != view.PieceMention || agent.User == "" {
				continue
			}
			if !isChannel(channel) {
				agent.User = ""
				continue
			}

			ok, err := s.People.IsMember(ctx, channel, string(agent.User))
			if err != nil {
				return c, nil, err
			}
			if !ok {
				absent = append(absent, *agent)
				agent.User = ""
				continue
			}

			if agent.Name == bridge.You("").Name { // the engine doesn't know what people are called who are no agents
				person, _, err := s.People.Find(ctx, channel, string(agent.User))
				if err != nil {
					return c, nil, err
				}
				agent.Name = cmp.Or(person.Name, agent.Name)
				b.Pieces[j] = shape.Mention(*agent)
			}
		}
	}

	return c, absent, nil
}

// isChannel reports whether id is that of a channel: not of a chat, and not empty.
func isChannel(id string) bool { return strings.HasPrefix(id, "19:") }

// activityOf makes the activity by which a message is sent.
// Errors: the ids of mentioned people can't be found now.
func (s *poster) activityOf(ctx context.Context, c content, channel string) (connector.Activity, error) {
	a := connector.Activity{Type: connector.TypeMessage}
	if c.page != nil {
		a.Summary = c.page.Summary
		a.Attachments = []connector.Attachment{{ContentType: card.ContentType, Content: json.RawMessage(c.page.Card)}}
		return a, nil
	}

	a.TextFormat = "xml"
	a.Text = c.text.Text
	a.Summary = c.text.Summary
	for _, m := range c.text.Mentions {
		member, ok, err := s.People.Find(ctx, channel, m.User)
		if err != nil {
			return a, err
		}

		id := m.User // Teams takes the id in Entra as well
		if ok {
			id = member.Teams
		}

		a.Entities = append(a.Entities, connector.Entity{
			Type:      connector.EntityMention,
			Text:      m.Text,
			Mentioned: &connector.ChannelAccount{ID: id, Name: m.Name},
		})
	}

	return a, nil
}
