package teams

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"parley/bot/forms"
	"parley/bot/shape"
	"parley/bot/teams/card"
	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels"
)

// A bridge.Post says what Parley wants to show in Teams: a customer's message, the card of a conversation, a remark
// such as "Ann took it". This file turns it into Teams messages. A post with buttons becomes an Adaptive Card,
// Microsoft's JSON format for cards; others become text. A long post needs several messages, which are called its
// parts. Each part is sent by its own call of Send.

// content is what one message shows. Exactly one field is set, because Teams would make two messages of both.
type content struct {
	text *card.Message
	page *card.Page // a card
}

// composedPost is one part of a post.
type composedPost struct {
	content

	more   bool              // another part follows
	absent []bridge.AgentRef // agents named in it who aren't in the channel, so that Teams doesn't notify them
}

// errBadPost returns the error for a post that can never be made, so that it isn't retried.
func errBadPost(text string) error {
	return &channels.SendError{Class: channels.BadContent, Text: text}
}

// seedLength is the length of a seed in hexadecimal digits. Seeds only have to differ among the cards of one channel.
const seedLength = 12

// nonceSeed returns the beginning of the ids of a card's elements and buttons. Reconcile, which looks for a post whose
// response was lost, recognises the post by it. Each update of a message has a new seed, so that a click on its buttons
// counts as a new one.
func nonceSeed(p bridge.Post) string {
	if isChangeOfMessage(p) {
		return forms.Digest(p.Token, p.FirstAttemptAt.UTC().String())[:seedLength]
	}
	return forms.Digest(p.Token)[:seedLength]
}

// commandForms returns how people can give commands to Parley in a channel or in their chat with the bot, for the hints
// on cards. Messages that mention the app reach us from everywhere, others only from channels that we may read. Teams
// reports reactions only to our own messages. isReadable says whether we may read the channel.
func commandForms(channel string, isReadable bool) view.CommandSyntax {
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
	if !isReadable {
		forms.OnlyMentions = true
		forms.Signs = []string{mention}
	}

	return forms
}

// composePost makes the part p.Part of a post. It posts nothing.
// Errors: a *channels.SendError, for example if Teams can't list the channel's members at the moment.
func (s *poster) composePost(ctx context.Context, p bridge.Post) (composedPost, error) {
	return s.composeWith(ctx, p, commandForms(p.Place.Channel, s.CanRead(p.Place.Channel)))
}

// composeWith is composePost with hints for these forms of commands.
func (s *poster) composeWith(ctx context.Context, p bridge.Post, forms view.CommandSyntax) (composedPost, error) {
	c, ok := view.Post(p, forms)
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
	if saysMayBeTwice && !asCard { // in this part, which may be duplicated and needn't be the last one
		out.text.Text += "<br>" + mayBeTwice
	}

	return out, nil
}

// mayBeTwice marks a post that was made again because it wasn't known whether the first attempt succeeded.
const mayBeTwice = "(This may be shown twice: Teams didn't answer the first time.)"

// canBeTwice reports whether the message of a post may be in its channel twice, so that it must say so. Changing a
// message doesn't duplicate it. The exception is an update of a conversation's card (PostCard), because the card itself
// may have been posted twice.
func canBeTwice(p bridge.Post) bool {
	if !p.Unsure {
		return false
	}
	return p.Kind == bridge.PostCard || !isChangeOfMessage(p)
}

func isShownAsCard(p bridge.Post, c view.Card) bool {
	if slices.Contains([]bridge.PostKind{bridge.PostRoot, bridge.PostCard, bridge.PostErased}, p.Kind) {
		return true
	}
	replacesButtons := p.Line != nil && p.Line.Outcome != nil // the message is a card with buttons so far
	return card.HasButtons(c) || replacesButtons
}

// render renders c as a card or a text, in as many messages as it needs. It returns those that the post makes or
// changes.
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
		return parts[:1] // the card at the top of a thread must be one message so that it can be updated: it shows what fits
	}
	if p.ChangesLine() {
		return parts[len(parts)-1:] // only the last message of a long remark has buttons and changes
	}

	return parts
}

// replaceAbsentMentions turns mentions of agents who aren't in the channel into plain names, because Teams refuses
// such mentions. It returns a changed copy of c and these agents. In a person's chat with the bot, all mentions become
// plain names, and no agents are returned.
func (s *poster) replaceAbsentMentions(ctx context.Context, c view.Card, channel string) (view.Card, []bridge.AgentRef, error) {
	var absent []bridge.AgentRef
	c.Blocks = slices.Clone(c.Blocks)
	for i := range c.Blocks {
		c.Blocks[i].Pieces = slices.Clone(c.Blocks[i].Pieces)
		for j := range c.Blocks[i].Pieces {
			piece := &c.Blocks[i].Pieces[j]
			if piece.Kind != view.PieceMention || piece.Agent.User == "" {
				continue
			}
			if !isChannel(channel) {
				piece.Agent.User = ""
				continue
			}

			isMember, err := s.People.IsMember(ctx, channel, string(piece.Agent.User))
			if err != nil {
				return c, nil, err
			}
			if !isMember {
				absent = append(absent, piece.Agent)
				piece.Agent.User = ""
				continue
			}
			if err := s.nameMentioned(ctx, piece, channel); err != nil {
				return c, nil, err
			}
		}
	}

	return c, absent, nil
}

// nameMentioned fills in the name of a mentioned member of a channel if the engine doesn't know it, because the person
// isn't an agent in Parley.
func (s *poster) nameMentioned(ctx context.Context, mention *view.Piece, channel string) error {
	agent := mention.Agent
	if agent.Name != bridge.You("").Name {
		return nil
	}
	person, _, err := s.People.Find(ctx, channel, string(agent.User))
	if err != nil {
		return err
	}
	agent.Name = cmp.Or(person.Name, agent.Name)
	*mention = shape.Mention(agent)
	return nil
}

// isChannel reports whether id is the id of a channel. It returns false for a chat and for "".
func isChannel(id string) bool { return strings.HasPrefix(id, "19:") }

// activityOf makes the activity that posts a message.
// Errors: the ids of mentioned people can't be found at the moment.
func (s *poster) activityOf(ctx context.Context, c content, channel string) (Activity, error) {
	a := Activity{Type: TypeMessage}
	if c.page != nil {
		a.Summary = c.page.Summary
		a.Attachments = []Attachment{{ContentType: card.ContentType, Content: json.RawMessage(c.page.Card)}}
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

		id := m.User // Teams also accepts the Entra object id
		if ok {
			id = member.Teams
		}

		a.Entities = append(a.Entities, Entity{
			Type: EntityMention, Text: m.Text, Mentioned: &ChannelAccount{ID: id, Name: m.Name},
		})
	}

	return a, nil
}
