package openai

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	gpt "github.com/sashabaranov/go-openai"

	"parley/bridge/analysis"
)

// A question about a customer's messages goes to a model of OpenAI, or of any server with the same API. Servers
// differ in which requests they accept. If one refuses a request, Parley tries another form of it (dialect). If a
// model's answer breaks the rules that the model was given, it is asked once more, with its answer and what is
// wrong with it.

const (
	mostOut      = 3000 // tokens of an answer, also those that a model thinks with
	mostLearned  = 6    // requests that a server may refuse before its form is found
	longestPause = 2 * time.Second
	shortPause   = 250 * time.Millisecond
	mostShown    = 400 // estimated tokens of an invalid answer that the model is shown again
)

// answer asks the model, and once more if its answer is not valid.
func (a *Analyzer) answer(ctx context.Context, q analysis.Question) (analysis.Answer, *Error) {
	shown, hidden := a.prepareQuestion(q)
	p := newPrompt(shown)
	var w wire
	fault := a.askTwice(ctx, p, systemText, func(said string) (err error) {
		w, err = decode(said, p.q)
		return err
	})
	if fault != nil {
		return analysis.Answer{}, fault
	}
	return analysis.Check(q, a.build(w, q, p, hidden)), nil
}

// askTwice asks the model and passes its answer to read. If read fails, it asks a second time: it shows the model
// its answer with the error's words, and passes the second answer to read.
func (a *Analyzer) askTwice(ctx context.Context, p prompt, system string, read func(said string) error) *Error {
	talk := []gpt.ChatCompletionMessage{
		{Role: gpt.ChatMessageRoleSystem, Content: system},
		{Role: gpt.ChatMessageRoleUser, Content: p.user},
	}

	said, fault := a.askUntilAnswered(ctx, p, talk)
	if fault != nil {
		return fault
	}

	err := read(said.text)
	if err == nil {
		return nil
	}

	if _, isMisshapen := errors.AsType[misshapen](err); isMisshapen {
		a.dialect.learnIgnored(said.asked)
	}

	a.stats.countRepair()
	talk = append(talk,
		gpt.ChatCompletionMessage{Role: gpt.ChatMessageRoleAssistant, Content: clipTokens(said.text, mostShown)},
		gpt.ChatCompletionMessage{Role: gpt.ChatMessageRoleUser, Content: "That answer is not valid: " + err.Error() + ".\n" + p.form.shape})

	said, fault = a.askUntilAnswered(ctx, p, talk)
	if fault != nil {
		return fault
	}
	if err := read(said.text); err != nil {
		return &Error{Kind: Invalid, Rule: err.Error(), Cause: err}
	}
	return nil
}

// utterance is what a model said, with the form in which it was asked.
type utterance struct {
	text  string
	asked request
}

// askUntilAnswered makes requests until one is answered or fails for good, or the time is over. After a refusal it changes the
// form of the request, up to mostLearned times. After a failure that may be over in a moment it tries once more.
func (a *Analyzer) askUntilAnswered(ctx context.Context, p prompt, talk []gpt.ChatCompletionMessage) (utterance, *Error) {
	hasRetried := false
	for learned := 0; ; {
		r := a.dialect.nextRequest()
		once := a.requestOnce(ctx, r, p, talk)
		fault := once.fault
		if fault == nil {
			return utterance{text: once.text, asked: r}, nil
		}

		isRefusal := fault.Status != 0 && learned < mostLearned
		if isRefusal && a.dialect.learnRefusal(r, fault.Status, once.refusal) {
			learned++
			a.options.Logger.Info("the model's server refused a form of request: another one is used",
				"model", a.options.Model, "status", fault.Status)
			continue
		}

		isShort := fault.isPassing() && fault.Wait <= longestPause
		if hasRetried || !isShort {
			return utterance{}, fault
		}
		if !a.options.Pause(ctx, max(fault.Wait, shortPause)) {
			return utterance{}, fault // the time is over
		}

		hasRetried = true
	}
}

// requestResult is what became of one request.
type requestResult struct {
	text    string // what the model said
	refusal []byte // what a server said that refused the request
	fault   *Error // why there is no text; nil if there is one
}

// requestOnce makes one request. It reserves the tokens that the request may use, and then counts those that it used.
func (a *Analyzer) requestOnce(ctx context.Context, r request, p prompt, talk []gpt.ChatCompletionMessage) requestResult {
	body := a.newRequest(r, p, talk)
	in := 0 // tokens of what is asked
	for _, m := range body.Messages {
		in += estimateTokens(m.Content)
	}

	settle, fault := reserveTokens(ctx, p.q.Terms.Budget, in+mostOut)
	if fault != nil {
		return requestResult{fault: fault}
	}

	x := &exchange{client: a.client, key: a.options.Key, now: a.options.Now}
	answer, fault := a.complete(ctx, x, body)
	used := usage{in: in}
	switch {
	case fault == nil:
		used = usageOf(answer, in)
	case fault.isFree():
		used = usage{}
	}

	if fault != nil && fault.isInterrupted() && x.reached.Load() {
		settle(in + mostOut) // as much as was reserved: nobody knows how long the answer was
	} else {
		settle(used.in + used.out)
	}
	a.stats.countTokens(used.in, used.out)

	text := ""
	if fault == nil {
		text, fault = contentOf(answer)
	}
	record(p, body, text, used, fault)
	return requestResult{text: text, refusal: x.body, fault: fault}
}

// complete sends a request over an exchange and returns the answer.
func (a *Analyzer) complete(ctx context.Context, x *exchange, body gpt.ChatCompletionRequest) (gpt.ChatCompletionResponse, *Error) {
	config := gpt.DefaultConfig("") // the key is set by exchange alone
	config.BaseURL, config.HTTPClient = a.base, x
	a.stats.countRequest()
	begun := a.options.Now()
	answer, err := gpt.NewClientWithConfig(config).CreateChatCompletion(ctx, body)
	switch {
	case err == nil:
		a.stats.countLatency(a.options.Now().Sub(begun))
		return answer, nil
	case x.fault != nil: // exchange has seen why
		return answer, x.fault
	case !x.sent: // the library refused: it knows that this model doesn't take the request
		return answer, localRefusal(x, err)
	}
	return answer, &Error{Kind: Unreadable} // the library can't read an answer that exchange took for good
}

// record gives what was sent and answered to Terms.Record, if the question has one.
func record(p prompt, body gpt.ChatCompletionRequest, answered string, used usage, fault *Error) {
	if p.q.Terms.Record == nil {
		return
	}

	x := analysis.Exchange{Model: body.Model, Answered: answered, TokensIn: used.in, TokensOut: used.out}
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

// newRequest writes a request.
func (a *Analyzer) newRequest(r request, p prompt, talk []gpt.ChatCompletionMessage) gpt.ChatCompletionRequest {
	body := gpt.ChatCompletionRequest{Model: a.options.Model, Messages: append([]gpt.ChatCompletionMessage(nil), talk...)}
	switch r.form {
	case bySchema:
		body.ResponseFormat = &gpt.ChatCompletionResponseFormat{
			Type:       gpt.ChatCompletionResponseFormatTypeJSONSchema,
			JSONSchema: &gpt.ChatCompletionResponseFormatJSONSchema{Name: p.form.name, Schema: p.form.schema, Strict: true},
		}
	case byObject:
		body.ResponseFormat = &gpt.ChatCompletionResponseFormat{Type: gpt.ChatCompletionResponseFormatTypeJSONObject}
		body.Messages[1].Content += "\n" + p.form.shape
	case byWords:
		body.Messages[1].Content += "\n" + p.form.shape
	}

	switch r.limit {
	case maxTokens:
		body.MaxTokens = mostOut //nolint:staticcheck // servers other than OpenAI's know no other name
	case maxCompletionTokens:
		body.MaxCompletionTokens = mostOut
	case noLimit:
	}

	if r.temperature {
		body.Temperature = 0.1
	}
	return body
}

// localRefusal returns, for a request that the library itself refuses to send, the failure that the server would have given.
func localRefusal(x *exchange, err error) *Error {
	switch {
	case errors.Is(err, gpt.ErrReasoningModelMaxTokensDeprecated):
		x.body = []byte("max_tokens is not supported")
	case errors.Is(err, gpt.ErrReasoningModelLimitationsOther), errors.Is(err, gpt.ErrReasoningSamplingUnsupported):
		x.body = []byte("temperature is not supported")
	}
	return &Error{Kind: BadRequest, Status: http.StatusBadRequest}
}

// usage is what a request used, in tokens.
type usage struct{ in, out int }

// usageOf returns what the server counted, or an estimate where it counts nothing or nonsense.
func usageOf(answer gpt.ChatCompletionResponse, in int) usage {
	const mostBelieved = 1 << 20 // tokens of one request
	u := usage{in: answer.Usage.PromptTokens, out: answer.Usage.CompletionTokens}
	if u.in <= 0 || u.in > mostBelieved {
		u.in = in
	}
	if u.out <= 0 || u.out > mostBelieved {
		u.out = 0
		for _, c := range answer.Choices {
			u.out += estimateTokens(c.Message.Content)
		}
	}
	return u
}

// contentOf returns what the model said. It fails if the answer is empty, refused, or cut off at its limit.
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

// hasToolCall reports whether a model called a tool, in the form of today or an earlier one.
func hasToolCall(c gpt.ChatCompletionChoice) bool {
	if len(c.Message.ToolCalls) > 0 || c.Message.FunctionCall != nil {
		return true
	}
	return c.FinishReason == gpt.FinishReasonToolCalls
}
