package openai

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	gpt "github.com/sashabaranov/go-openai"

	"parley/bridge/analysis"
)

// This file sends a question about a customer's messages to a model and returns its checked answer. Three things
// can make it send more than one request for a question:
//
//   - The server refuses the form of the request. An older one, for example, doesn't know response_format.
//     The request is sent again in another form, see dialect.
//   - The network or the server fails for a moment. The request is sent once more after a short pause.
//   - The answer is not valid, such as a tag that the helpdesk doesn't have. The model is shown its answer with the
//     error, and may correct it once.

const (
	maxAnswerTokens = 3000 // tokens of one answer, including those that the model spends on reasoning
	maxRefusals     = 6    // refused requests after which no other form is tried
	maxPause        = 2 * time.Second
	minPause        = 250 * time.Millisecond
	maxQuotedTokens = 400 // estimated tokens of an invalid answer that are quoted back to the model
)

// answer asks the model about q and returns its checked answer. An invalid answer may be repaired once.
func (a *Analyzer) answer(ctx context.Context, q analysis.Question) (analysis.Answer, *Error) {
	shown, hidden := a.prepareQuestion(q)
	p := newPrompt(shown)
	var w wire
	fault := a.askAndRepair(ctx, p, systemText, func(text string) (err error) {
		w, err = decode(text, p.q)
		return err
	})
	if fault != nil {
		return analysis.Answer{}, fault
	}
	return analysis.Check(q, a.build(w, q, p, hidden)), nil
}

// askAndRepair asks the model and passes its answer to read. If read returns an error, it asks a second time, quoting
// the answer and the error, and passes the second answer to read.
func (a *Analyzer) askAndRepair(ctx context.Context, p prompt, system string, read func(text string) error) *Error {
	messages := []gpt.ChatCompletionMessage{
		{Role: gpt.ChatMessageRoleSystem, Content: system},
		{Role: gpt.ChatMessageRoleUser, Content: p.user},
	}

	first, fault := a.askUntilAnswered(ctx, p, messages)
	if fault != nil {
		return fault
	}

	err := read(first.text)
	if err == nil {
		return nil
	}

	if _, isShapeError := errors.AsType[shapeError](err); isShapeError {
		a.dialect.learnIgnored(first.form)
	}

	a.stats.countRepair()
	messages = append(messages,
		gpt.ChatCompletionMessage{Role: gpt.ChatMessageRoleAssistant, Content: clipTokens(first.text, maxQuotedTokens)},
		gpt.ChatCompletionMessage{Role: gpt.ChatMessageRoleUser, Content: "That answer is not valid: " + err.Error() + ".\n" + p.output.words})

	second, fault := a.askUntilAnswered(ctx, p, messages)
	if fault != nil {
		return fault
	}
	if err := read(second.text); err != nil {
		return &Error{Kind: Invalid, Rule: err.Error(), Cause: err}
	}
	return nil
}

// completion is the text that a model returned, with the form of the request that it answered.
type completion struct {
	text string
	form requestForm
}

// askUntilAnswered sends requests until one is answered, fails for good, or ctx ends. It changes the form of the
// request after up to maxRefusals refusals, and retries once after a transient failure.
func (a *Analyzer) askUntilAnswered(ctx context.Context, p prompt, messages []gpt.ChatCompletionMessage) (completion, *Error) {
	hasRetried := false
	for refusals := 0; ; {
		form := a.dialect.nextRequest()
		result := a.requestOnce(ctx, form, p, messages)
		fault := result.fault
		if fault == nil {
			return completion{text: result.text, form: form}, nil
		}

		isRefusal := fault.Status != 0 && fault.Kind != Truncated
		mayLearn := isRefusal && refusals < maxRefusals
		if mayLearn && a.dialect.learnRefusal(form, fault.Status, result.refusal) {
			refusals++
			a.options.Logger.Info("the model's server refused a form of request: another one is used",
				"model", a.options.Model, "status", fault.Status)
			continue
		}

		isWorthRetry := fault.isTransient() && fault.Wait <= maxPause
		if hasRetried || !isWorthRetry {
			return completion{}, fault
		}
		if !a.options.Pause(ctx, max(fault.Wait, minPause)) {
			return completion{}, fault // ctx has ended
		}

		hasRetried = true
	}
}

// requestResult is the result of one request: a text or a fault.
type requestResult struct {
	text    string // the model's answer
	refusal []byte // the response body of a server that refused the request
	fault   *Error // why there is no text; nil if there is one
}

// requestOnce sends one request. Before, it reserves the most tokens that the request may use from the day's budget;
// afterwards it settles the reservation with those that were used.
func (a *Analyzer) requestOnce(ctx context.Context, form requestForm, p prompt, messages []gpt.ChatCompletionMessage) requestResult {
	body := a.newRequest(form, p, messages)
	in := 0 // estimated tokens of the question
	for _, m := range body.Messages {
		in += estimateTokens(m.Content)
	}

	settle, fault := reserveTokens(ctx, p.q.Terms.Budget, in+maxAnswerTokens)
	if fault != nil {
		return requestResult{fault: fault}
	}

	x := &exchange{client: a.client, key: a.options.Key, now: a.options.Now}
	answer, fault := a.complete(ctx, x, body)
	used := usage{in: in}
	charged := in
	switch {
	case fault == nil:
		used = usageOf(answer, in)
		charged = used.in + used.out
	case fault.isInterrupted() && x.reached.Load():
		charged = in + maxAnswerTokens // the whole reservation: the length of the lost answer is unknown
	case fault.isFree():
		used = usage{}
		charged = 0
	}

	settle(charged)
	a.stats.countTokens(used.in, used.out)

	text := ""
	if fault == nil {
		text, fault = contentOf(answer)
	}
	record(p, body, text, used, fault)
	return requestResult{text: text, refusal: x.body, fault: fault}
}

// complete sends body through x and returns the server's answer.
func (a *Analyzer) complete(ctx context.Context, x *exchange, body gpt.ChatCompletionRequest) (gpt.ChatCompletionResponse, *Error) {
	config := gpt.DefaultConfig("") // no key here: exchange adds it
	config.BaseURL, config.HTTPClient = a.base, x
	a.stats.countRequest()
	start := a.options.Now()
	answer, err := gpt.NewClientWithConfig(config).CreateChatCompletion(ctx, body)
	switch {
	case err == nil:
		a.stats.countLatency(a.options.Now().Sub(start))
		return answer, nil
	case x.fault != nil: // the request failed, and exchange knows why
		return answer, x.fault
	case !x.sent: // the client library itself knows that this model doesn't accept the request
		return answer, localRefusal(x, err)
	}
	return answer, &Error{Kind: Unreadable} // exchange accepted the response, but the library can't decode it
}

// record passes the request and its answer to Terms.Record, if the question has one.
func record(p prompt, body gpt.ChatCompletionRequest, answer string, used usage, fault *Error) {
	if p.q.Terms.Record == nil {
		return
	}

	x := analysis.Exchange{Model: body.Model, Answered: answer, TokensIn: used.in, TokensOut: used.out}
	for _, m := range p.q.Burst {
		x.Asked = strings.TrimSpace(x.Asked + "\n" + strings.TrimSpace(m.Subject+"\n"+m.Text))
	}

	for _, m := range body.Messages[1:] { // the first one, the system message, is always the same
		x.Sent += m.Role + ": " + m.Content + "\n"
	}
	if fault != nil {
		x.Failure = string(fault.Kind)
	}
	p.q.Terms.Record(x)
}

// newRequest returns the HTTP request's body in the given form. It doesn't change messages.
func (a *Analyzer) newRequest(form requestForm, p prompt, messages []gpt.ChatCompletionMessage) gpt.ChatCompletionRequest {
	body := gpt.ChatCompletionRequest{Model: a.options.Model, Messages: slices.Clone(messages)}
	switch form.format {
	case bySchema:
		body.ResponseFormat = &gpt.ChatCompletionResponseFormat{
			Type:       gpt.ChatCompletionResponseFormatTypeJSONSchema,
			JSONSchema: &gpt.ChatCompletionResponseFormatJSONSchema{Name: p.output.name, Schema: p.output.schema, Strict: true},
		}
	case byObject:
		body.ResponseFormat = &gpt.ChatCompletionResponseFormat{Type: gpt.ChatCompletionResponseFormatTypeJSONObject}
		body.Messages[1].Content += "\n" + p.output.words
	case byWords:
		body.Messages[1].Content += "\n" + p.output.words
	}

	switch form.limit {
	case maxTokens:
		body.MaxTokens = maxAnswerTokens //nolint:staticcheck // servers other than OpenAI's know only this name
	case maxCompletionTokens:
		body.MaxCompletionTokens = maxAnswerTokens
	case noLimit:
	}

	if form.temperature {
		body.Temperature = 0.1
	}
	return body
}

// localRefusal returns the failure for a request that the client library refused to send. It sets x.body to what the
// server would have answered, so that the dialect learns from it as from a server's refusal.
func localRefusal(x *exchange, err error) *Error {
	switch {
	case errors.Is(err, gpt.ErrReasoningModelMaxTokensDeprecated):
		x.body = []byte("max_tokens is not supported")
	case errors.Is(err, gpt.ErrReasoningModelLimitationsOther), errors.Is(err, gpt.ErrReasoningSamplingUnsupported):
		x.body = []byte("temperature is not supported")
	}
	return &Error{Kind: BadRequest, Status: http.StatusBadRequest}
}

// usage is how many tokens a request used.
type usage struct{ in, out int }

// usageOf returns the tokens that the server counted. Missing or implausible counts are replaced by an estimate;
// in is that of the question.
func usageOf(answer gpt.ChatCompletionResponse, in int) usage {
	const maxPlausible = 1 << 20 // tokens of one request
	u := usage{in: answer.Usage.PromptTokens, out: answer.Usage.CompletionTokens}
	if u.in <= 0 || u.in > maxPlausible {
		u.in = in
	}
	if u.out <= 0 || u.out > maxPlausible {
		u.out = 0
		for _, c := range answer.Choices {
			u.out += estimateTokens(c.Message.Content)
		}
	}
	return u
}

// contentOf returns the text of an answer. It fails if the answer is empty, refused, or cut off at its token limit.
func contentOf(answer gpt.ChatCompletionResponse) (string, *Error) {
	if len(answer.Choices) == 0 {
		return "", &Error{Kind: Empty}
	}

	c := answer.Choices[0]
	text := c.Message.Content
	for _, part := range c.Message.MultiContent {
		text += part.Text
	}

	if c.Message.Refusal != "" || c.FinishReason == gpt.FinishReasonContentFilter {
		return "", &Error{Kind: Refused}
	}
	if c.FinishReason == gpt.FinishReasonLength {
		return "", &Error{Kind: Truncated}
	}
	if text != "" {
		return text, nil
	}
	if hasToolCall(c) {
		return "", &Error{Kind: Tools}
	}
	return "", &Error{Kind: Empty}
}

// hasToolCall reports whether the model called a tool, by today's field or by the older function_call.
func hasToolCall(c gpt.ChatCompletionChoice) bool {
	if len(c.Message.ToolCalls) > 0 || c.Message.FunctionCall != nil {
		return true
	}
	return c.FinishReason == gpt.FinishReasonToolCalls
}
