// Package forms makes the forms and windows of verbs from what the desk knows.
//
// What does not belong here: how a surface shows them (its own folder), and what they ask
// for and say (bot/view).
package forms

import (
	"cmp"
	"context"
	"time"

	"parley/bot/command"
	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
)

// When somebody presses a button that opens something, a surface (Slack or Teams) asks a Maker for a view.Form or a
// view.Card, and draws it as a dialog. The Maker reads what stands in it from the engine, through Desk: the conversation,
// and lists to choose from. It also decides which form comes next.

// Maker makes the forms of verbs, and the windows that show details, history and lists.
type Maker struct {
	Desk Desk
	Now  func() time.Time // used where Facts.Now is zero, as for forms about no conversation
	Zone *time.Location   // for readers whose own zone isn't known

	Author string // who wrote the message that the form is about; "" if the reader did
}

// Facts returns the conversation that args name, or else the one at a place, as user may see it.
// Errors: those of Conversations.
func (m Maker) Facts(ctx context.Context, args bridge.Args, at bridge.Place, user bridge.SurfaceUser) (bridge.Facts, error) {
	if args.Conversation > 0 {
		return m.Desk.Facts(ctx, args.Conversation, user)
	}
	return m.Desk.FactsAt(ctx, at, user)
}

// Form makes the form of a verb for a user, with the lists that it offers to choose from. at is where it is opened, and
// text stands in its long field at first. zone is the one in which the reader's times count, or nil if it isn't known.
// Errors: *bridge.Problem, bridge.ErrNoConversation, the desk's.
func (m Maker) Form(
	ctx context.Context, name bridge.Verb, args bridge.Args, at bridge.Place, user bridge.SurfaceUser, text string,
) (form view.Form, zone *time.Location, err error) {
	text = cmp.Or(text, args.Draft)
	args.Draft = "" // it stands in the form's field from now on
	in := view.FormInput{Verb: name, Args: args, Text: text, Author: m.Author, Now: m.Now()}
	if name == bridge.VerbNew {
		return m.startForm(ctx, in, user)
	}
	if name == bridge.VerbTemplateEdit {
		return m.templateForm(ctx, args, user)
	}

	facts, err := m.Facts(ctx, args, at, user)
	if err != nil {
		return view.Form{}, nil, err
	}

	in.Facts = facts
	in.Args.Conversation = cmp.Or(in.Args.Conversation, facts.ID)
	if !facts.Now.IsZero() {
		in.Now = facts.Now
	}
	if err := m.readLists(ctx, &in, at, user); err != nil {
		return view.Form{}, facts.Zone, err
	}

	form, err = view.NewForm(in)
	form.At = in.Now
	return form, facts.Zone, err
}

// startForm makes the form that begins a conversation.
func (m Maker) startForm(ctx context.Context, in view.FormInput, user bridge.SurfaceUser) (view.Form, *time.Location, error) {
	var err error
	if in.Accounts, err = m.Desk.Accounts(ctx, user); err != nil {
		return view.Form{}, nil, err
	}

	account, isKnown := verb.StartsBy(in) // the account from which the conversation would begin
	if isKnown {
		which := bridge.TemplatesFor{Account: account.Name, Use: bridge.TemplateStart}
		if in.Templates, err = m.Desk.Templates(ctx, which, user); err != nil {
			return view.Form{}, nil, err
		}
		in.Count = m.count(account.Name, in.Text)
	}

	form, err := view.NewForm(in)
	return form, m.Zone, err
}

// count returns as how many texts the provider counts a text, or nil if the provider doesn't count.
func (m Maker) count(account, text string) *bridge.Count {
	n, counts := m.Desk.Count(account, text)
	if !counts {
		return nil
	}
	return &n
}

// readLists sets the fields of in for the lists that the verb's form offers.
func (m Maker) readLists(ctx context.Context, in *view.FormInput, at bridge.Place, user bridge.SurfaceUser) (err error) {
	for _, list := range verb.Of(in.Verb).Form.Lists {
		switch list {
		case verb.Colleagues:
			if in.People, err = m.Desk.People(ctx); err == nil {
				in.Teams, err = m.Desk.Teams(ctx)
			}
		case verb.Templates:
			in.Templates, err = m.Desk.Templates(ctx, bridge.TemplatesFor{Conversation: in.Facts.ID}, user)
		case verb.KnownTags:
			in.Tags, err = m.Desk.TagNames(ctx)
		case verb.WrittenWords:
			err = m.readWords(ctx, in, at, user)
		case verb.Answerables:
			err = m.readAnswerables(ctx, in, at, user)
		}

		if err != nil {
			return err
		}
	}

	return nil
}

// readWords sets in.Text to what the chosen message says by Parley's record, because that is what would be sent. The chat
// may show newer words, if it hasn't told Parley of an edit.
// Errors: *bridge.Problem if the desk has no such text; the desk's.
func (m Maker) readWords(ctx context.Context, in *view.FormInput, at bridge.Place, user bridge.SurfaceUser) (err error) {
	in.Text, in.Args.Shown, err = m.Desk.WordsAt(ctx, at, user)
	if err == nil && in.Args.Shown == "" {
		const text = "Parley has no text of a teammate here that it could send."
		return &bridge.Problem{Code: "unknown_message", Text: text, Hint: "Use Reply to customer."}
	}
	return err
}

// readAnswerables sets the fields of in for a reply: the messages that it can answer, what the account can send, and the
// suggested replies. It tells the desk that somebody begins to answer.
func (m Maker) readAnswerables(ctx context.Context, in *view.FormInput, at bridge.Place, user bridge.SurfaceUser) (err error) {
	m.Desk.Attend(in.Facts.ID)
	in.Can = in.Facts.Account.Can

	if suggestion := in.Args.Suggestion; suggestion != nil {
		in.Suggested, err = m.Desk.Suggested(ctx, in.Facts.ID, suggestion.ID, user)
		if err != nil {
			return err
		}
		in.Text = verb.WithSuggestion(*in)
	}

	in.Count = m.count(in.Facts.Account.Name, in.Text)
	if at.Message != "" {
		in.Said, err = m.Desk.SaidAt(ctx, at, user)
	}

	return err
}

// templateForm makes the form in which a template is made or changed. It is about no conversation.
func (m Maker) templateForm(ctx context.Context, args bridge.Args, user bridge.SurfaceUser) (view.Form, *time.Location, error) {
	all, err := m.Desk.Templates(ctx, bridge.TemplatesFor{}, user)
	if err != nil {
		return view.Form{}, nil, err
	}
	form, err := view.NewForm(view.FormInput{Verb: bridge.VerbTemplateEdit, Args: args, Templates: all, Now: m.Now()})
	return form, all.Zone, err
}

// Window makes the card of a conversation's details or history, or of a list.
// Errors: as Form.
func (m Maker) Window(
	ctx context.Context, opens view.Opens, args bridge.Args, at bridge.Place, user bridge.SurfaceUser,
) (view.Card, error) {
	if opens == view.OpensList {
		list, err := m.Desk.List(ctx, args.ListQuery(), user)
		if err != nil {
			return view.Card{}, err
		}
		return view.List(list, m.Zone), nil
	}

	facts, err := m.Facts(ctx, args, at, user)
	if err != nil {
		return view.Card{}, err
	}
	if opens == view.OpensDetails {
		return view.Details(facts), nil
	}

	history, err := m.Desk.History(ctx, facts.ID, args.Page, user)
	if err != nil {
		return view.Card{}, err
	}

	return view.History(facts, history), nil
}

// IsReply reports whether a form writes to a conversation's customer. Colleagues see who has such a form open.
func IsReply(f view.Form) bool { return verb.Of(f.Verb).Form.Answering && f.Args.Conversation != 0 }

// NeedsForm reports whether the verb's own form has to be shown, because arguments or a text are missing.
func NeedsForm(f view.Filled) bool {
	v := verb.Of(f.Verb)
	takesText := v.Typed.Rest == verb.RestText || v.Typed.Rest == verb.RestReply
	if takesText && f.Text != "" {
		return false
	}
	return v.Needs(f.Args)
}

// NeedsNextForm reports whether another form follows a filled one. isPick means that the filled form only asked which
// conversation is meant.
func NeedsNextForm(f view.Filled, isPick bool) bool {
	if f.Next && f.Verb == bridge.VerbReply { // the next step asks for buttons or the like
		return true
	}
	return (f.Next || isPick) && NeedsForm(f)
}

// IsAboutConversation reports whether a command is about one conversation.
func IsAboutConversation(p command.Parsed) bool {
	v := verb.Of(p.Verb)
	if v.Typed.Words == nil || v.Anywhere {
		return false
	}
	isSearch := v.Typed.Rest == verb.RestFind && p.Args.Note != "" // words are looked for in all conversations
	return !isSearch
}
