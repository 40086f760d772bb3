package chores

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/bridge/analysis"
	"parley/bridge/engine/clean"
	"parley/bridge/engine/own"
	"parley/store"
	"parley/store/ai"
	"parley/store/request"
)

// Agents, and Parley itself, ask for texts about conversations: summaries, translations, answers to questions. A request is a row
// (package store/request). This file has an analysis.Writer, mostly a language model, write the text, and journals it as a fact.
// Somebody waits for most of the texts: they are tried at once and given up soon. No transaction is open meanwhile.
const (
	maxWrites        = 4                // texts that this process has written at the same time
	writeTimeout     = 45 * time.Second // of one attempt
	writeLease       = writeTimeout + 15*time.Second
	maxWriteTries    = 2
	writeRetryPause  = 3 * time.Second // before the second attempt
	writeInterval    = time.Second     // between two looks for requests that another process has left or that are tried again
	maxWriteMessages = 200             // the latest messages of a conversation that a Writer gets
	replyPause       = 3 * time.Second // between two looks whether a reply has left that a summary is to include
	maxReplyWait     = 2 * time.Minute // for such a reply, from when the summary was asked for
)

// WakeWriting says that texts may have been asked for.
func (as *Analyses) WakeWriting() {
	select {
	case as.write <- struct{}{}:
	default:
	}
}

// runWriting has texts written until ctx ends. Then it cuts off those that are being written, and waits for that: another
// process takes them when their leases end.
func (as *Analyses) runWriting(ctx context.Context, with analysis.Writer) error {
	tick := time.NewTicker(writeInterval)
	defer tick.Stop()
	done := make(chan struct{}, maxWrites)
	running := 0
	for {
		claimed, err := as.claimRequests(ctx, maxWrites-running)
		if err != nil && ctx.Err() == nil {
			as.log.Warn("texts that were asked for were not claimed", "error", err)
		}

		for _, r := range claimed {
			running++
			go func() {
				defer func() { done <- struct{}{} }()
				err := as.writeOne(ctx, with, r)
				if err != nil && ctx.Err() == nil {
					as.log.Warn("a text that was asked for was not written", "conversation_id", r.ConversationID, "attempt", r.Attempt, "error", err)
				}
			}()
		}

		select {
		case <-ctx.Done():
			for ; running > 0; running-- {
				<-done
			}
			return nil
		case <-tick.C:
		case <-as.write:
		case <-done:
			running--
		}
	}
}

// claimRequests takes at most room texts to be written.
func (as *Analyses) claimRequests(ctx context.Context, room int) ([]request.Request, error) {
	if room <= 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, dbTimeout)
	defer cancel()
	return request.Claim(ctx, as.pool, room, writeLease)
}

// writeOne has one text written and journals it, or the reason why there is none.
func (as *Analyses) writeOne(ctx context.Context, with analysis.Writer, r request.Request) error {
	var ask own.Ask
	if err := json.Unmarshal(r.Ask, &ask); err != nil {
		return errors.Join(fmt.Errorf("chores: what a text is asked for: %w", err), as.dropRequest(ctx, r)) // can't happen: Parley wrote it
	}

	used, text, err := as.composeText(ctx, with, r, ask)
	settling, cancel := context.WithTimeout(ctx, dbTimeout)
	defer cancel()
	answer := own.WrittenText{Ask: &ask, Covered: len(used)}
	if len(used) > 0 {
		answer.CoveredTo = used[len(used)-1].EventID
	}

	class := finalClassOf(err)
	switch {
	case err == nil:
		answer.Written = &text
		return as.journalAnswer(settling, r, answer, "")
	case errors.Is(err, errNothingToDo):
		return request.Drop(settling, as.pool, r)
	case errors.Is(err, errReplyWaits):
		return request.Postpone(settling, as.pool, r, replyPause)
	case class == "" && ctx.Err() != nil:
		return nil // this process stops
	case class == "" && r.Attempt < maxWriteTries:
		return errors.Join(err, request.Retry(settling, as.pool, r, writeRetryPause))
	}

	class = cmp.Or(class, own.NoAnswer)
	if byParley := ask.Asker == (own.Asker{}); byParley { // nobody waits for a reason
		return as.dropUnwritten(settling, r, class, err)
	}
	return as.journalAnswer(settling, r, answer, class)
}

// journalAnswer journals what became of a request. class says why no text was written; "" means that one was.
func (as *Analyses) journalAnswer(ctx context.Context, r request.Request, answer own.WrittenText, class string) error {
	f := own.Fact{Kind: own.Written, Conversation: r.ConversationID, Class: class, WrittenText: answer}
	event := f.Event(fmt.Sprintf("written:%d:%s:%d", r.ConversationID, r.Name, r.AskedAt.UnixMicro()))
	event.OrderKey = store.OrderKey(store.SystemAccount, fmt.Sprintf("written:%d", r.ConversationID)) // nothing else waits for it
	if err := request.Finish(ctx, as.pool, r, event); err != nil {
		return err
	}
	as.host.Wake()
	return nil
}

// finalClassOf returns the class of an error after which a text isn't tried again, because the next attempt would fail, too. For
// all other errors it returns "".
func finalClassOf(err error) string {
	switch {
	case errors.Is(err, analysis.ErrNeedsModel):
		return own.NeedsModel
	case errors.Is(err, analysis.ErrLeftOut):
		return own.LeftOut
	case errors.Is(err, analysis.ErrNoTokens):
		return own.NoTokens
	case errors.Is(err, errNoText):
		return own.NoText
	case errors.Is(err, errSwitchedOff):
		return own.SwitchedOff
	}
	return ""
}

// dropUnwritten gives up a text that Parley itself asked for. It returns err, unless Parley asked in vain because no model is
// set up or may be asked today, or because the analysis was switched off: nothing is wrong then.
func (as *Analyses) dropUnwritten(ctx context.Context, r request.Request, class string, err error) error {
	dropped := request.Drop(ctx, as.pool, r)
	if slices.Contains([]string{own.NeedsModel, own.NoTokens, own.SwitchedOff}, class) {
		return dropped
	}
	return errors.Join(err, dropped)
}

func (as *Analyses) dropRequest(ctx context.Context, r request.Request) error {
	ctx, cancel := context.WithTimeout(ctx, dbTimeout)
	defer cancel()
	return request.Drop(ctx, as.pool, r)
}

var (
	errNothingToDo = errors.New("chores: the conversation is too short for it")
	errNoText      = errors.New("chores: there is no text to work on")
	errReplyWaits  = errors.New("chores: a reply of which the text is to tell is still on its way")
)

// composeText has a text written about a conversation, and checks it. used are the messages of which the text was made.
// Errors: errNothingToDo, errReplyWaits, and those of finalClassOf; the Writer's; the database's.
func (as *Analyses) composeText(
	ctx context.Context, with analysis.Writer, asked request.Request, ask own.Ask,
) (used []store.Message, t analysis.Text, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("chores: writing panicked: %v", p)
		}
	}()

	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	used, err = as.readExchanged(ctx, asked, ask)
	if err != nil {
		return nil, t, err
	}

	if isTooShort(used, ask) {
		return nil, t, errNothingToDo
	}
	r, err := writingRequest(used, ask)
	if err != nil {
		return used, t, err
	}
	t, err = as.askWriter(ctx, with, asked, r)
	return used, t, err
}

// isTooShort reports whether fewer messages were exchanged, or fewer since the last summary, than the text is worth writing for.
func isTooShort(exchanged []store.Message, ask own.Ask) bool {
	fresh := 0
	for i := range exchanged {
		if exchanged[i].EventID > ask.After {
			fresh++
		}
	}
	return len(exchanged) < ask.MinMessages || fresh < ask.MinNew
}

// writingRequest makes what a Writer is asked, from the messages that were exchanged with the customer.
// Errors: errNoText.
func writingRequest(exchanged []store.Message, ask own.Ask) (analysis.Request, error) {
	r := analysis.Request{Task: ask.Task, Language: ask.Language, Draft: ask.Text, Wish: ask.Style}
	for i := range exchanged {
		said, _ := messageExchanged(&exchanged[i])
		r.Messages = append(r.Messages, said)
	}

	switch {
	case ask.Task == analysis.Explain:
		r.Draft, r.Wish = "", ask.Text
	case ask.Task == analysis.Translate && ask.Text == "":
		r.Draft = customerWords(exchanged, ask)
	}

	needsDraft := len(exchanged) == 0 || ask.Task == analysis.Translate
	if r.Draft == "" && needsDraft {
		return r, errNoText
	}
	return r, nil
}

// readExchanged reads the latest messages that were exchanged with a conversation's customer, the oldest first.
// Errors: errReplyWaits; the database's.
func (as *Analyses) readExchanged(ctx context.Context, asked request.Request, ask own.Ask) ([]store.Message, error) {
	rows, err := store.LatestMessages(ctx, as.pool, []store.ConversationID{asked.ConversationID}, maxWriteMessages)
	if err != nil {
		return nil, err
	}

	slices.Reverse(rows)

	// Agents answer and resolve in one go: a summary that Parley makes then is to know the answer.
	sumsUpByItself := ask.Task == analysis.Summarise && ask.Occasion != ""
	isWaiting := func(m store.Message) bool { return m.Direction == store.DirectionOut && m.Fate == store.FateWaiting }
	if sumsUpByItself && slices.ContainsFunc(rows, isWaiting) {
		now, err := store.Now(ctx, as.pool)
		if err != nil {
			return nil, err
		}
		if now.Before(asked.AskedAt.Add(maxReplyWait)) {
			return nil, errReplyWaits
		}
	}

	return slices.DeleteFunc(rows, func(m store.Message) bool { _, ok := messageExchanged(&m); return !ok }), nil
}

// askWriter has a text written, under the terms of the conversation's account, and checks it.
func (as *Analyses) askWriter(
	ctx context.Context, with analysis.Writer, asked request.Request, r analysis.Request,
) (analysis.Text, error) {
	record := own.ModelRecord{Task: r.Task}
	var account *store.Account
	if _, usesModel := with.(modelAnalyzer); usesModel {
		a, terms, err := as.termsOf(ctx, asked.ConversationID)
		if err != nil {
			return analysis.Text{}, err
		}
		account, r.Terms = a, terms
		r.Terms.Record = func(x analysis.Exchange) { record.Exchanges = append(record.Exchanges, x) }
	}

	t, err := with.Write(ctx, r)
	record.Answer.By, record.Answer.Degraded = t.By, t.Degraded
	if len(record.Exchanges) > 0 {
		claim := ai.RequestClaim(asked.ConversationID, asked.Name, asked.AskedAt, asked.Epoch)
		as.keepRecord(ctx, account, claim, record)
	}
	if err != nil {
		return t, err
	}
	return analysis.CheckText(r, t)
}

// Bounds of what Analyzers and Writers get of a message. Of a longer text they get the beginning and the end.
const (
	saidHeadBytes = 12 << 10
	saidTailBytes = 4 << 10
	maxSaidFiles  = 50 // names of files
)

// messageExchanged returns a message in the form in which Analyzers and Writers get it, as it says now. ok is true only for what
// customers wrote, and didn't delete, and what left for them: notes among colleagues are never given away.
func messageExchanged(m *store.Message) (said analysis.Message, ok bool) {
	said = analysis.Message{FromAgent: m.Direction == store.DirectionOut, Subject: cutSaid(m.Subject), Text: cutSaid(m.CurrentText())}
	for _, f := range m.Files[:min(len(m.Files), maxSaidFiles)] {
		said.Files = append(said.Files, f.Name)
	}
	left := m.Direction == store.DirectionOut && m.Fate == store.FateOut
	wasExchanged := left || m.Direction == store.DirectionIn
	return said, wasExchanged && m.Automatic == "" && !m.IsDeleted()
}

// cutSaid returns the beginning and the end of a long text, on lines of their own, and a short text as it is.
func cutSaid(text string) string {
	if len(text) <= saidHeadBytes+saidTailBytes {
		return text
	}
	head, tail := text[:saidHeadBytes], text[len(text)-saidTailBytes:]
	return strings.ToValidUTF8(head, "") + "\n…\n" + strings.ToValidUTF8(tail, "")
}

// customerWords returns what a customer wrote from event ask.From to event ask.UpTo or, without these, what the
// customer wrote last.
func customerWords(rows []store.Message, ask own.Ask) string {
	var texts []string
	for i := range slices.Backward(rows) {
		m := &rows[i]
		if m.Direction != store.DirectionIn || m.IsDeleted() || strings.TrimSpace(m.CurrentText()) == "" {
			continue
		}
		if ask.UpTo == 0 {
			return clean.Shorten(m.CurrentText(), analysis.MostDraft)
		}

		first := ask.From
		if first == 0 {
			first = ask.UpTo // earlier versions named UpTo only
		}

		isLast := m.EventID == ask.UpTo
		isBeforeLast := first <= m.EventID && m.EventID < ask.UpTo
		if isLast || isBeforeLast {
			texts = append(texts, m.CurrentText())
		}
	}

	slices.Reverse(texts)
	return clean.Shorten(strings.Join(texts, "\n\n"), analysis.MostDraft)
}
