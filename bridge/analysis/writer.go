package analysis

import (
	"context"
	"errors"
)

// A Writer writes texts on an agent's request: a summary of a conversation, a translation, another wording of a draft,
// or the answer to a question such as "What did we promise?". Implementations are safe for concurrent use.
type Writer interface {
	// Write returns within the context's deadline. It may be called again with the same request.
	// Errors: ErrNeedsModel, ErrNoTokens, and others. No error's text quotes the customer.
	Write(ctx context.Context, r Request) (Text, error)
}

// ErrNeedsModel means that this text can't be written without a language model.
var ErrNeedsModel = errors.New("analysis: this text needs a model")

// ErrNoTokens means that the model wasn't asked, because the Budget for today is used up.
var ErrNoTokens = errors.New("analysis: the day's tokens are used up")

// Task is the kind of text that a Writer is asked for.
type Task string

// The tasks.
const (
	Summarise Task = "summarise" // say what a conversation is about and what is still open
	Translate Task = "translate" // translate Request.Draft to Request.Language
	Rephrase  Task = "rephrase"  // rewrite Request.Draft in the style Request.Wish, in its own language
	Explain   Task = "explain"   // answer the question Request.Wish about the conversation
)

// Request is the input of a Writer.
type Request struct {
	Task     Task
	Messages []Message // the conversation, oldest first: customers' messages and the replies that were sent
	Draft    string    // the text to translate or rephrase, in Markdown; "" for the other tasks
	Wish     string    // Rephrase: one of Styles; Explain: a colleague's question
	Language string    // of the result, as an ISO 639-1 code; "" means the customer's language
	Terms    Terms     // the conditions under which a model may be asked
}

// Text is the result of a Writer. It is only data: it is never executed as a command, and never sent to a customer
// unless an agent does so.
type Text struct {
	Text     string // Markdown
	By       string // "offline", or the model's name
	Degraded bool   // a model was asked but gave no valid text, so this one was written without it
}

// Styles returns the values of Request.Wish that Rephrase understands.
func Styles() []string {
	return []string{"shorter", "longer", "simpler", "clearer", "friendlier", "formal", "correct"}
}
