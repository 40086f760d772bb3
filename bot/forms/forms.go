// Package forms collects the data for the forms and windows that agents open in a chat.
//
// What does not belong here: how a surface shows them (its own folder), and what they ask
// for and say (bot/view).
package forms

import (
	"cmp"
	"context"
	"time"

	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
)

// Some buttons open a dialog. If an agent presses "Assign", for example, the surface (Slack or Teams) asks a Maker for a
// view.Form and draws it. The Maker loads the conversation and the lists of colleagues and teams through Desk, its interface
// to the engine. "Assign" is a verb, a kind of request that an agent can make.

// Maker makes the forms of verbs, and the windows that show details, history and lists.
type Maker struct {
	Desk Desk
	Now  func() time.Time // used if Facts.Now is zero, and for forms that aren't about a conversation
	Zone *time.Location   // for readers whose own time zone isn't known

	Author string // author of the message that the form is about; "" means the reader
}

// Facts returns the conversation that args name, or otherwise the one whose thread is at a place in the chat.
// Errors: those of Conversations.
func (m Maker) Facts(ctx context.Context, args bridge.Args, at bridge.Place, user bridge.SurfaceUser) (bridge.Facts, error) {
	if args.Conversation > 0 {
		return m.Desk.Facts(ctx, args.Conversation, user)
	}
	return m.Desk.FactsAt(ctx, at, user)
}

// Form makes the form of a verb for a user, including the lists to choose from. at is where the user opened it, and text
// is the initial value of its long text field. zone is the zone of times that the user enters, or nil if it isn't known.
// Errors: *bridge.Problem, bridge.ErrNoConversation, the desk's.
func (m Maker) Form(
	ctx context.Context, name bridge.Verb, args bridge.Args, at bridge.Place, user bridge.SurfaceUser, text string,
) (form view.Form, zone *time.Location, err error) {
	in := view.FormInput{Verb: name, Args: args, Text: cmp.Or(text, args.Draft), Author: m.Author, Now: m.Now()}
	in.Args.Draft = "" // the form's text field holds it from now on
	zone = m.Zone
	if !verb.Of(name).Anywhere {
		if in.Facts, err = m.Facts(ctx, args, at, user); err != nil {
			return view.Form{}, nil, err
		}
		zone = in.Facts.Zone
		in.Args.Conversation = cmp.Or(in.Args.Conversation, in.Facts.ID)
		if !in.Facts.Now.IsZero() {
			in.Now = in.Facts.Now
		}
	}
	if err := m.readLists(ctx, &in, at, user); err != nil {
		return view.Form{}, zone, err
	}
	if len(in.Rows) > 0 {
		zone = in.Rows[0].Zone
	}
	form, err = view.NewForm(in)
	form.At = in.Now
	return form, zone, err
}

// readAccounts sets the accounts that can begin a conversation. Once the account is known, it also sets the message templates.
func (m Maker) readAccounts(ctx context.Context, in *view.FormInput, user bridge.SurfaceUser) (err error) {
	if in.Accounts, err = m.Desk.Accounts(ctx, user); err != nil {
		return err
	}
	if account, isKnown := verb.StartsBy(*in); isKnown {
		in.Count = m.count(account.Name, in.Text)
		in.Templates, err = m.Desk.Templates(ctx, bridge.TemplatesFor{Account: account.Name, Use: bridge.TemplateStart}, user)
	}
	return err
}

// count returns how many messages the provider makes of a text, as SMS providers do with a long one. It returns nil if the
// provider doesn't split texts.
func (m Maker) count(account, text string) *bridge.Count {
	n, counts := m.Desk.Count(account, text)
	if !counts {
		return nil
	}
	return &n
}

// readLists loads the lists that the verb's form offers, and sets the fields of in that hold them.
func (m Maker) readLists(ctx context.Context, in *view.FormInput, at bridge.Place, user bridge.SurfaceUser) (err error) {
	for _, list := range verb.Of(in.Verb).Form.Lists {
		switch list {
		case verb.Colleagues:
			in.People, in.Teams, err = m.Desk.Assignable(ctx, in.Facts.ID, user)
		case verb.Templates:
			in.Templates, err = m.Desk.Templates(ctx, bridge.TemplatesFor{Conversation: in.Facts.ID}, user)
		case verb.KnownTags:
			in.Tags, err = m.Desk.TagNames(ctx)
		case verb.CustomerProfile:
			in.Profile, err = m.Desk.Profile(ctx, in.Facts.ID, user)
		case verb.WrittenWords:
			err = m.readWords(ctx, in, at, user)
		case verb.LatestMessages:
			in.Spoken, in.Args.Messages, err = m.Desk.Spoken(ctx, in.Facts.ID, at, user)
		case verb.Answerables:
			err = m.readAnswerables(ctx, in, at, user)
		case verb.SendingAccounts:
			err = m.readAccounts(ctx, in, user)
		case verb.ListFilters:
			in.Choices, err = m.Desk.ListChoices(ctx, user)
		case verb.AllTemplates:
			in.Templates, err = m.Desk.Templates(ctx, bridge.TemplatesFor{}, user)
		case verb.CannedReplies:
			in.Canned, err = m.Desk.Canned(ctx, bridge.Facts{}, user)
		case verb.ListedConversations:
			query := in.Args.ListQuery()
			query.Limit, query.Counts = maxSeveral, false
			var list bridge.Listing
			list, err = m.Desk.List(ctx, query, user)
			in.Rows = list.Rows
		}

		if err != nil {
			return err
		}
	}

	return nil
}

// readWords sets in.Text to the stored text of the chosen message, because that is what Parley would send. The chat may
// show a newer text if Parley hasn't received the edit yet.
// Errors: *bridge.Problem if no text is stored; the desk's.
func (m Maker) readWords(ctx context.Context, in *view.FormInput, at bridge.Place, user bridge.SurfaceUser) (err error) {
	in.Text, in.Args.Shown, err = m.Desk.WordsAt(ctx, at, user)
	if err != nil {
		return err
	}
	if in.Args.Shown == "" {
		const text = "Parley has no text of a teammate here that it could send."
		return &bridge.Problem{Code: "unknown_message", Text: text, Hint: "Use Reply to customer."}
	}
	return nil
}

// readAnswerables sets the fields of in for a reply: the messages that it can answer, what the account can send, and the
// suggested replies. It also tells the engine that somebody has started to answer.
func (m Maker) readAnswerables(ctx context.Context, in *view.FormInput, at bridge.Place, user bridge.SurfaceUser) (err error) {
	m.Desk.Attend(in.Facts.ID)
	in.Can = in.Facts.Account.Can

	var asked bridge.EventID
	if in.Args.Suggestion != nil {
		asked = in.Args.Suggestion.ID
	}
	if in.Suggested, err = m.Desk.Suggested(ctx, in.Facts.ID, asked, user); err != nil {
		return err
	}
	if in.Args.Suggestion == nil && len(in.Suggested) > 0 {
		in.Args.Suggestion = &bridge.SuggestionArgs{ID: in.Suggested[0].ID, Choice: bridge.NoChoice}
	}
	in.Text = verb.WithSuggestion(*in)
	if in.Canned, err = m.Desk.Canned(ctx, in.Facts, user); err != nil {
		return err
	}

	in.Count = m.count(in.Facts.Account.Name, in.Text)
	if at.Message != "" {
		in.Said, err = m.Desk.SaidAt(ctx, at, user)
	}

	return err
}

// maxSeveral is how many conversations the form of VerbSeveral offers; one option is for all of them.
const maxSeveral = 99

// Window makes a read-only card: a conversation's details, its history, or a list of conversations.
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

// homeRows is how many conversations fit on a page that also has buttons.
const homeRows = 20

// Home makes the page of an agent's own: the list that args name, with the buttons for the others.
// Errors: the desk's.
func (m Maker) Home(ctx context.Context, args bridge.Args, user bridge.SurfaceUser) (view.Card, error) {
	query := args.ListQuery()
	query.Today, query.Limit = true, homeRows
	if query.Words == "" {
		query.List = cmp.Or(query.List, bridge.ListMine)
	}
	list, err := m.Desk.List(ctx, query, user)
	if err != nil {
		return view.Card{}, err
	}
	return view.Home(list, m.Zone), nil
}

// IsReply reports whether a form writes to a conversation's customer. Colleagues see who has a reply form open.
func IsReply(form view.Form) bool {
	return verb.Of(form.Verb).Form.Answering && form.Args.Conversation != 0
}

// NeedsForm reports whether the verb's own form has to be shown, because arguments or a text are missing.
func NeedsForm(filled view.Filled) bool {
	v := verb.Of(filled.Verb)
	takesText := v.Typed.Rest == verb.RestText || v.Typed.Rest == verb.RestReply
	if takesText && filled.Text != "" {
		return false
	}
	return v.Needs(filled.Args)
}

// NeedsNextForm reports whether another form follows a filled one. isPick means that the filled form only asked which
// conversation the verb is for.
func NeedsNextForm(filled view.Filled, isPick bool) bool {
	asksForReplyParts := filled.Next && filled.Verb == bridge.VerbReply // such as the reply's buttons
	if asksForReplyParts {
		return true
	}
	return (filled.Next || isPick) && NeedsForm(filled)
}

// IsAboutConversation reports whether a typed command is about one conversation. "find" followed by words isn't: it
// searches all conversations.
func IsAboutConversation(parsed verb.Parsed) bool {
	v := verb.Of(parsed.Verb)
	if v.Typed.Words == nil || v.Anywhere {
		return false
	}
	isSearch := v.Typed.Rest == verb.RestFind && parsed.Args.Note != ""
	return !isSearch
}
