package engine

import (
	"context"

	"parley/bridge"
	"parley/bridge/engine/clean"
	"parley/bridge/engine/own"
	"parley/store"
	"parley/store/ai"
)

const (
	whyAsked = 3   // analyses of which it is told what a model was asked
	whyWords = 500 // characters that are shown of what was sent, and of what was answered
)

// modelQuestions returns what a model was asked about a conversation last and answered, the newest first, as far as it is kept.
func (w *work) modelQuestions(ctx context.Context, q store.Querier, conversation store.ConversationID) ([]bridge.Asked, error) {
	if w.e.opt.Sealer == nil {
		return nil, nil
	}
	records, err := ai.LatestRecords(ctx, q, conversation, whyAsked)
	if err != nil {
		return nil, err
	}
	var list []bridge.Asked
	for _, r := range records {
		var kept own.ModelRecord
		if err := r.Open(w.e.opt.Sealer, conversation, &kept); err != nil {
			w.e.log.Warn("what a model was asked can't be read", "conversation_id", conversation, "error", err)
			continue
		}
		a := bridge.Asked{At: r.At, By: kept.Answer.By, Instead: kept.Answer.Degraded, Task: string(kept.Task), Mood: string(kept.Answer.Sentiment), Urgent: kept.Answer.Urgency.Urgent,
			Because: kept.Answer.Urgency.Because, Intents: kept.Answer.Intents, Requests: len(kept.Exchanges)}
		for _, x := range kept.Exchanges {
			a.Model, a.Failure, a.Tokens = x.Model, x.Failure, a.Tokens+x.TokensIn+x.TokensOut
			a.Sent, a.Answered = clean.Shortened(clean.Text(x.Asked), whyWords), clean.Shortened(clean.Text(x.Answered), whyWords)
		}
		list = append(list, a)
	}
	return list, nil
}
