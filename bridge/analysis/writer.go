package analysis

import (
	"context"
	"errors"
)

// A Writer writes texts that somebody asked for: summaries, translations, another wording, answers to questions
// about a conversation. Implementations are safe for use by several goroutines.
type Writer interface {
	// Write answers within the context's deadline. The same may be asked again.
	// Errors: ErrNeedsModel, ErrNoTokens; others name no customer's words.
	Write(ctx context.Context, r Request) (Text, error)
}

// ErrNeedsModel says that a text can't be written without a model.
var ErrNeedsModel = errors.New("analysis: this text needs a model")

// ErrNoTokens says that the model isn't asked, because the Budget has nothing left for today.
var ErrNoTokens = errors.New("analysis: the day's tokens are used up")

// Task is what a Writer is asked to do.
type Task string

// Tasks.
const (
	Summarise Task = "summarise" // tells what a conversation is about, and what is open
	Translate Task = "translate" // writes Request.Draft in another language
	Rephrase  Task = "rephrase"  // writes Request.Draft as Request.Wish says, in its language
	Explain   Task = "explain"   // answers Request.Wish, a question about the conversation
)

// Request is what a Writer is asked.
type Request struct {
	Task     Task
	Messages []Message // the conversation, oldest first: what customers wrote and what left to them
	Draft    string    // the text to be translated or rephrased, Markdown; "" for the other tasks
	Wish     string    // Rephrase: one of Styles; Explain: a colleague's question
	Language string    // in which the text is to be, ISO 639-1; "" means the one in which the customer writes
	Terms    Terms     // under which a model may be asked
}

// Text is what a Writer wrote. It is data: nobody may take it for a command, and no customer gets it unless a
// person sends it.
type Text struct {
	Text     string // Markdown
	By       string // "offline", or the model's name
	Degraded bool   // a model was asked and gave no valid text: this one was made without it
}

// Styles are what a text may be made by Rephrase.
func Styles() []string {
	return []string{"shorter", "longer", "simpler", "clearer", "friendlier", "formal", "correct"}
}
