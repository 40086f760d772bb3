package engine

import (
	"context"
	"time"

	"parley/bridge"
	"parley/store"
)

const (
	maxAsked      = 3   // requests that are shown
	maxAskedRunes = 500 // characters that are shown of each prompt and of each answer
)

// modelQuestions returns the latest requests to a language model about a conversation, with the answers, newest first. An agent
// sees them to find out why a text was classified or suggested. They are stored encrypted: without Options.Sealer, which holds
// the key, none are stored and the list is empty. A record that can't be decrypted is logged and left out.
func (w *work) modelQuestions(ctx context.Context, q store.Querier, conversation store.ConversationID) ([]bridge.Asked, error) {
	if w.e.opt.Sealer == nil {
		return nil, nil
	}

	records, err := store.LatestAIRecords(ctx, q, conversation, maxAsked)
	if err != nil {
		return nil, err
	}

	var list []bridge.Asked
	for _, r := range records {
		var record ModelRecord
		if err := r.Open(w.e.opt.Sealer, conversation, &record); err != nil {
			w.e.log.Warn("what a model was asked can't be read", "conversation_id", conversation, "error", err)
			continue
		}
		list = append(list, modelQuestion(r.At, &record))
	}
	return list, nil
}

// modelQuestion summarises one record, which may hold several exchanges with the model, such as retries. It shows the texts of the
// last exchange, and the tokens of all.
func modelQuestion(at time.Time, record *ModelRecord) bridge.Asked {
	question := bridge.Asked{
		At:       at,
		By:       record.Answer.By,
		Instead:  record.Answer.Degraded,
		Task:     string(record.Task),
		Mood:     string(record.Answer.Sentiment),
		Urgent:   record.Answer.Urgency.Urgent,
		Because:  record.Answer.Urgency.Because,
		Intents:  record.Answer.Intents,
		Requests: len(record.Exchanges),
	}
	for _, x := range record.Exchanges {
		question.Tokens += x.TokensIn + x.TokensOut
	}
	if n := len(record.Exchanges); n > 0 {
		last := record.Exchanges[n-1]
		question.Model, question.Failure = last.Model, last.Failure
		question.Sent = Shorten(Text(last.Asked), maxAskedRunes)
		question.Answered = Shorten(Text(last.Answered), maxAskedRunes)
	}
	return question
}
