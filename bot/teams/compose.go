package teams

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"parley/bot/forms"
	"parley/bot/shape"
	"parley/bot/teams/card"
	"parley/bot/teams/fact"
	"parley/bot/teams/manifest"
	"parley/bot/view"
	"parley/bridge"
)

// openFromMenu opens the dialog of an entry in the menu of a message, or of the message box (then there is no message).
func (in *invocation) openFromMenu(ctx context.Context) (any, error) {
	at := fact.MessagePlace(in.activity, in.value.Message)
	if in.user.Kind != bridge.ActorPerson {
		return dialogAnswer(in.problemDialog(errForeign(), at)), nil
	}
	if in.value.CommandID == manifest.CommandNew {
		return dialogAnswer(in.verbDialog(ctx, bridge.VerbNew, bridge.Args{}, bridge.Place{Channel: at.Channel}, "")), nil
	}

	verb := manifest.VerbOf(in.value.CommandID)
	if verb == "" {
		unknown := &bridge.Problem{Code: "unknown_command", Text: "I don't know that command.", Hint: "Ask an admin to bring the app in Teams up to date."}
		return dialogAnswer(in.problemDialog(unknown, at)), nil
	}
	if in.value.Message == nil {
		return dialogAnswer(in.boxDialog(ctx, verb, at)), nil
	}
	if verb == bridge.VerbUndo {
		return in.undoFromMenu(ctx, at)
	}

	text := ""
	if verb == bridge.VerbNote || verb == bridge.VerbSend {
		text = in.messageText()
	}

	f, zone, err := in.formMaker().Form(ctx, verb, bridge.Args{}, at, in.user.ID, text)
	if verb == bridge.VerbSend && errors.Is(err, bridge.ErrNoConversation) {
		return in.sendFromChannel(ctx, at)
	}
	if err != nil {
		return dialogAnswer(in.problemDialog(err, at)), nil
	}

	return dialogAnswer(in.formDialog(ctx, f, zone, at)), nil
}

// messageText returns the text of the message in whose menu an entry was chosen.
func (in *invocation) messageText() string {
	body := in.value.Message.Body
	if body.ContentType != "html" {
		return ""
	}
	return card.ReadText(card.Typed{HTML: body.Content, Bot: in.payload.Me}).Markdown
}

// formMaker returns the maker of forms. Its forms name the author of the message in whose menu they were
// opened, if that is somebody other than the reader.
func (in *invocation) formMaker() forms.Maker {
	maker := in.door.formMaker()
	message := in.value.Message
	if message != nil && message.From.User.ID != in.user.ID {
		maker.Author = message.From.User.Name
	}
	return maker
}

// boxDialog opens a verb's form from the message box. In a conversation's thread that is the form itself;
// elsewhere a form asks first which conversation is meant.
func (in *invocation) boxDialog(ctx context.Context, verb bridge.Verb, at bridge.Place) card.Dialog {
	_, err := in.door.desk.FactsAt(ctx, at, in.user.ID)
	if !errors.Is(err, bridge.ErrNoConversation) {
		return in.verbDialog(ctx, verb, bridge.Args{}, at, "")
	}

	all, err := in.door.desk.List(ctx, bridge.ListQuery{List: bridge.ListPick}, in.user.ID)
	if err != nil {
		return in.problemDialog(err, at)
	}

	form, err := view.Pick(verb, bridge.Args{}, all.Rows)
	if err != nil {
		return in.problemDialog(err, at)
	}

	m := card.Remember(at, in.door.zone, in.door.Now(), in.makeNonce())
	m.Pick = true
	return card.Form(form, m, in.door.Home())
}

// undoFromMenu undoes without asking anything: a reply might leave before a second click.
func (in *invocation) undoFromMenu(ctx context.Context, at bridge.Place) (any, error) {
	inOurThread, err := in.door.threads.isOurThread(ctx, at)
	if err != nil {
		return nil, err
	}
	in.payload.Own = inOurThread
	return in.actAtOnce(ctx, at, "Undo", "Parley takes it back if it has not left yet. The thread says what became of it.")
}

// sendFromChannel sends a text that is in no conversation's thread, and may have been typed in the channel. It refuses that in a thread
// of ours whose conversation isn't recorded yet: there the text would leave without a question.
func (in *invocation) sendFromChannel(ctx context.Context, at bridge.Place) (any, error) {
	inOurThread, err := in.door.threads.isOurThread(ctx, at)
	if err != nil {
		return nil, err
	}
	if inOurThread {
		tooEarly := &bridge.Problem{Code: "not_recorded", Text: "I don't know this thread yet.", Hint: "Try again in a moment."}
		return dialogAnswer(in.problemDialog(tooEarly, at)), nil
	}
	return in.actAtOnce(ctx, at, "Send to customer", "If it is a text for a customer, Parley asks below it who is to get it.")
}

// actAtOnce stores an entry of a message's menu. Teams must have a dialog: it says what comes now.
func (in *invocation) actAtOnce(ctx context.Context, at bridge.Place, title, text string) (any, error) {
	in.payload.Kind = fact.KindMenu
	id := in.payload.InvokeID(in.activity, in.makeNonce(), in.activity.Value)
	if err := in.door.desk.Accept(ctx, in.payload.Fact(id, fact.KeyOf(at))); err != nil {
		return nil, err
	}
	answer := view.Card{Title: title, Blocks: []view.Block{{Kind: view.BlockLine, Pieces: []view.Piece{{Kind: view.PieceText, Text: text}}}}}
	return dialogAnswer(card.Window(answer, at, in.door.Home(), in.makeNonce())), nil
}

// answerSearch searches the conversations that a person may see, for the message box. Before anything is typed it shows
// those that wait longest. For a further page Teams sends the number of rows to skip.
func (in *invocation) answerSearch(ctx context.Context) (any, error) {
	result := map[string]any{"type": "result", "attachmentLayout": "list", "attachments": []any{}}
	if in.user.Kind != bridge.ActorPerson || in.value.CommandID != manifest.CommandFind {
		return map[string]any{"composeExtension": result}, nil
	}

	q := bridge.ListQuery{List: bridge.ListPick, Words: strings.TrimSpace(in.searchWords())}
	options := in.value.Options
	if options.Skip > 0 && options.Count > 0 {
		q.Page = options.Skip / options.Count
	}

	l, err := in.findConversations(ctx, q)
	if err != nil {
		return map[string]any{"composeExtension": map[string]any{"type": "message", "text": in.errorText(err)}}, nil
	}

	found := []any{}
	for _, f := range l.Rows {
		c := view.Root(f)
		c.Buttons = nil
		found = append(found, in.resultRow(f, c, card.Plain(c)))
	}

	result["attachments"] = found
	return map[string]any{"composeExtension": result}, nil
}

// findConversations returns the conversations that match a search. "#12" finds that one conversation, "12" finds it before others that
// have these digits.
func (in *invocation) findConversations(ctx context.Context, q bridge.ListQuery) (bridge.Listing, error) {
	named, err := in.findByNumber(ctx, q)
	isAlone := len(named) > 0 && strings.HasPrefix(q.Words, "#")
	if err != nil || isAlone {
		return bridge.Listing{ListQuery: q, Rows: named}, err
	}

	l, err := in.door.desk.List(ctx, q, in.user.ID)
	if len(named) == 0 {
		return l, err
	}
	_, isRefused := errors.AsType[*bridge.Problem](err) // the digits are too few to look for
	if err != nil && !isRefused {
		return l, err
	}
	others := slices.DeleteFunc(l.Rows, func(f bridge.Facts) bool { return f.ID == named[0].ID })
	l.Rows = append(named, others...)
	return l, nil
}

// findByNumber returns the conversation whose number is searched for; nothing if there is none that the person may see. It is on the
// first page alone.
func (in *invocation) findByNumber(ctx context.Context, q bridge.ListQuery) ([]bridge.Facts, error) {
	id, err := strconv.ParseInt(strings.TrimPrefix(q.Words, "#"), 10, 64)
	if err != nil || id <= 0 || q.Page > 0 {
		return nil, nil //nolint:nilerr // it is no number
	}

	f, err := in.door.desk.Facts(ctx, bridge.ConversationID(id), in.user.ID)
	_, isClosed := errors.AsType[*bridge.Problem](err)
	if isClosed || errors.Is(err, bridge.ErrNoConversation) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []bridge.Facts{f}, nil
}

// resultRow makes the entry of a found conversation: a line in the list, and the card that it becomes in a message.
func (in *invocation) resultRow(f bridge.Facts, c view.Card, plain string) map[string]any {
	if f.Thread.Root.Message != "" || f.Thread.Elsewhere != "" {
		c.Blocks = append(c.Blocks, shape.Line(shape.ThreadLink("Open the thread", f)...))
	}
	title, rest, _ := strings.Cut(plain, "\n")
	return map[string]any{
		"contentType": card.ContentType, "content": card.Render(c, in.door.Home(), in.makeNonce())[0].Card,
		"preview": map[string]any{"contentType": "application/vnd.microsoft.card.thumbnail", "content": map[string]any{"title": title, "text": rest}},
	}
}

// searchWords returns what was typed into the search; "" if it was just opened.
func (in *invocation) searchWords() string {
	for _, p := range in.value.Parameters {
		var text string
		if p.Name != "initialRun" && json.Unmarshal(p.Value, &text) == nil {
			return text
		}
	}
	return ""
}

// errorText says in words for people why a search failed, and logs what only admins can mend.
func (in *invocation) errorText(err error) string {
	if p, ok := errors.AsType[*bridge.Problem](err); ok {
		return strings.TrimSpace(p.Text + " " + p.Hint)
	}
	in.door.Log.Warn("teams search failed", "error", err)
	return "Internal error. Try again."
}
