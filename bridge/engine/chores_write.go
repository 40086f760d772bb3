package engine

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
	"parley/store"
)

// Agents ask for texts about conversations, such as a summary, a translation, or an answer to "What did we
// promise her?". Parley itself asks for a summary when a conversation is handed over. Each request is a row
// (package store/request). This file claims requests with a lease, has an analysis.Writer (mostly a language
// model) write the text, and journals the result as a fact. Somebody usually waits for the text, so a request
// is tried at once and given up soon. No transaction is open during a call.
const (
	maxWrites        = 4                // concurrent requests in this process
	writeTimeout     = 45 * time.Second // of one attempt
	writeLease       = writeTimeout + 15*time.Second
	maxWriteTries    = 2
	writeRetryPause  = 3 * time.Second // before the second attempt
	writeInterval    = time.Second     // between polls for retries and for requests that another process abandoned
	maxWriteMessages = 200             // latest messages of a conversation that a Writer gets
	replyPause       = 3 * time.Second // between checks whether a reply has left that a summary should include
	maxReplyWait     = 2 * time.Minute // how long a summary waits for such a reply
)

// WakeWriting starts looking for requests without waiting for the next interval. It never blocks.
func (as *Analyses) WakeWriting() {
	select {
	case as.write <- struct{}{}:
	default:
	}
}

// runWriting handles requests until ctx ends. Then it cancels those in flight and waits for them to stop.
// Another process claims them once their leases expire.
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

// claimRequests claims up to room requests.
func (as *Analyses) claimRequests(ctx context.Context, room int) ([]store.AIRequest, error) {
	if room <= 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, dbTimeout)
	defer cancel()
	return store.ClaimRequests(ctx, as.pool, room, writeLease)
}

// writeOne makes one attempt at a request. It journals the text or the reason why there is none, or schedules a retry.
func (as *Analyses) writeOne(ctx context.Context, with analysis.Writer, r store.AIRequest) error {
	var ask Ask
	if err := json.Unmarshal(r.Ask, &ask); err != nil {
		return errors.Join(fmt.Errorf("chores: what a text is asked for: %w", err), as.dropRequest(ctx, r)) // can't happen: Parley wrote it
	}

	used, text, err := as.composeText(ctx, with, r, ask)
	settling, cancel := context.WithTimeout(context.WithoutCancel(ctx), dbTimeout) // also if the process stops meanwhile
	defer cancel()
	answer := WrittenText{Ask: &ask, Covered: len(used)}
	if len(used) > 0 {
		answer.CoveredTo = used[len(used)-1].EventID
	}

	class := finalClassOf(err)
	isStopping := class == "" && ctx.Err() != nil
	canRetry := class == "" && r.Attempt < maxWriteTries
	switch {
	case err == nil:
		answer.Written = &text
		return as.journalAnswer(settling, r, answer, "")
	case errors.Is(err, errNothingToDo):
		return store.DropRequest(settling, as.pool, r)
	case errors.Is(err, errReplyWaits):
		return store.PostponeRequest(settling, as.pool, r, replyPause)
	case isStopping:
		return nil
	case canRetry:
		return errors.Join(err, store.RetryRequest(settling, as.pool, r, writeRetryPause))
	}

	class = cmp.Or(class, NoAnswer)
	isAskedByParley := ask.Asker == (Asker{})
	if isAskedByParley { // nobody waits for the reason
		return as.dropUnwritten(settling, r, class, err)
	}
	return as.journalAnswer(settling, r, answer, class)
}

// journalAnswer journals the result of a request and removes the request. class says why no text was written, or is "".
func (as *Analyses) journalAnswer(ctx context.Context, r store.AIRequest, answer WrittenText, class string) error {
	var err error
	if class == "" {
		err = store.FinishRequest(ctx, as.pool, r, writtenEvent(r, answer, ""))
	} else {
		err = store.FailRequest(ctx, as.pool, r, func(current json.RawMessage) (store.NewEvent, error) { // who asked may try again at once
			var ask Ask
			err := json.Unmarshal(current, &ask)
			answer.Ask = &ask
			return writtenEvent(r, answer, class), err
		})
	}
	if err != nil {
		return err
	}
	as.wake()
	return nil
}

// writtenEvent returns the event of a request's result.
func writtenEvent(r store.AIRequest, answer WrittenText, class string) store.NewEvent {
	f := Fact{Kind: Written, Conversation: r.ConversationID, Class: class, WrittenText: answer}
	event := f.Event(fmt.Sprintf("written:%d:%s:%d", r.ConversationID, r.Name, r.AskedAt.UnixMicro()))
	event.OrderKey = store.OrderKey(store.SystemAccount, fmt.Sprintf("written:%d", r.ConversationID)) // nothing else waits for it
	return event
}

// finalClassOf returns the class of an error that isn't retried, because the next attempt would fail, too. For
// all other errors, and for nil, it returns "".
func finalClassOf(err error) string {
	switch {
	case errors.Is(err, analysis.ErrNeedsModel):
		return NeedsModel
	case errors.Is(err, analysis.ErrTooLong):
		return TooLong
	case errors.Is(err, analysis.ErrLeftOut):
		return LeftOut
	case errors.Is(err, analysis.ErrNoTokens):
		return NoTokens
	case errors.Is(err, errNoText):
		return NoText
	case errors.Is(err, errSwitchedOff):
		return SwitchedOff
	}
	return ""
}

// dropUnwritten drops a request that Parley itself made. It returns err, unless there is nothing wrong: no
// model is set up, the day's tokens are used up, or analysing was switched off.
func (as *Analyses) dropUnwritten(ctx context.Context, r store.AIRequest, class string, err error) error {
	dropErr := store.DropRequest(ctx, as.pool, r)
	if slices.Contains([]string{NeedsModel, NoTokens, SwitchedOff}, class) {
		return dropErr
	}
	return errors.Join(err, dropErr)
}

func (as *Analyses) dropRequest(ctx context.Context, r store.AIRequest) error {
	ctx, cancel := context.WithTimeout(ctx, dbTimeout)
	defer cancel()
	return store.DropRequest(ctx, as.pool, r)
}

var (
	errNothingToDo = errors.New("chores: the conversation is too short for it")
	errNoText      = errors.New("chores: there is no text to work on")
	errReplyWaits  = errors.New("chores: a reply of which the text is to tell is still on its way")
)

// composeText has a text written about a conversation and checks it. It also returns the messages that the text
// is based on.
// Errors: errNothingToDo, errReplyWaits, and those of finalClassOf; the Writer's; the database's.
func (as *Analyses) composeText(
	ctx context.Context, with analysis.Writer, asked store.AIRequest, ask Ask,
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

// isTooShort reports whether a conversation has too few messages, or too few new ones since the last summary,
// for the text to be worthwhile.
func isTooShort(exchanged []store.Message, ask Ask) bool {
	fresh := 0
	for i := range exchanged {
		if exchanged[i].EventID > ask.After {
			fresh++
		}
	}
	return len(exchanged) < ask.MinMessages || fresh < ask.MinNew
}

// writingRequest returns the request to a Writer about the messages that were exchanged with a customer.
// Errors: errNoText.
func writingRequest(exchanged []store.Message, ask Ask) (analysis.Request, error) {
	r := analysis.Request{Task: ask.Task, Language: ask.Language, Draft: ask.Text, Wish: ask.Style}
	for i := range exchanged {
		message, _ := messageExchanged(&exchanged[i])
		r.Messages = append(r.Messages, message)
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

// readExchanged returns the latest messages that were exchanged with a conversation's customer, oldest first.
// Errors: errReplyWaits; the database's.
func (as *Analyses) readExchanged(ctx context.Context, asked store.AIRequest, ask Ask) ([]store.Message, error) {
	rows, err := store.LatestMessages(ctx, as.pool, []store.ConversationID{asked.ConversationID}, maxWriteMessages)
	if err != nil {
		return nil, err
	}

	slices.Reverse(rows)

	// Agents often answer and resolve in one go. An automatic summary should include that answer, so it waits
	// for it to leave.
	isAutomaticSummary := ask.Task == analysis.Summarise && ask.Occasion != ""
	isWaiting := func(m store.Message) bool { return m.Direction == store.DirectionOut && m.Fate == store.FateWaiting }
	if isAutomaticSummary && slices.ContainsFunc(rows, isWaiting) {
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

// askWriter has a text written under the terms of the conversation's account, and checks it.
func (as *Analyses) askWriter(
	ctx context.Context, with analysis.Writer, asked store.AIRequest, r analysis.Request,
) (analysis.Text, error) {
	record := ModelRecord{Task: r.Task}
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
		claim := store.AIRequestClaim(asked.ConversationID, asked.Name, asked.AskedAt, asked.Epoch)
		as.keepRecord(ctx, account, claim, record)
	}
	if err != nil {
		return t, err
	}
	return analysis.CheckText(r, t)
}

// Limits for one message in a request to an Analyzer or a Writer. Of a longer text they get the beginning and the end.
const (
	textHeadBytes = 12 << 10
	textTailBytes = 4 << 10
	maxFileNames  = 50
)

// messageExchanged converts a message, with its latest edit, for an Analyzer or a Writer. ok is true only for messages
// that customers wrote and didn't delete, and for replies that were sent. Internal notes must never reach a model.
func messageExchanged(m *store.Message) (message analysis.Message, ok bool) {
	message = analysis.Message{
		FromAgent: m.Direction == store.DirectionOut,
		Subject:   cutMiddle(m.Subject),
		Text:      cutMiddle(m.CurrentText()),
	}
	for _, f := range m.Files[:min(len(m.Files), maxFileNames)] {
		message.Files = append(message.Files, f.Name)
	}
	wasSent := m.Direction == store.DirectionOut && m.Fate == store.FateOut
	wasExchanged := wasSent || m.Direction == store.DirectionIn
	return message, wasExchanged && m.Automatic == "" && !m.IsDeleted()
}

// cutMiddle replaces the middle of a long text by a line with an ellipsis.
func cutMiddle(text string) string {
	if len(text) <= textHeadBytes+textTailBytes {
		return text
	}
	head, tail := text[:textHeadBytes], text[len(text)-textTailBytes:]
	return strings.ToValidUTF8(head, "") + "\n…\n" + strings.ToValidUTF8(tail, "")
}
