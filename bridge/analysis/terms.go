package analysis

import "context"

// Terms are the conditions under which a model may be asked: what it may cost, what it may see, and who keeps what was
// said. With the zero Terms it may cost anything, the model's own Options say what is hidden, and nothing is kept.
type Terms struct {
	Budget   Budget         // nil if nobody counts
	Unmasked bool           // mail addresses, phone and card numbers and IBANs may leave the house
	Record   func(Exchange) // is told of each request that left; nil if nobody keeps it
}

// Budget counts tokens, of what is asked and of what is answered.
type Budget interface {
	// Reserve counts the tokens that a request may use at most, before the request is sent. So several requests at once
	// don't use more than is allowed, nor does a process that dies within one. settle replaces the tokens by those that
	// were used. ok is false, and nothing is counted, if so many are not allowed.
	Reserve(ctx context.Context, tokens int) (settle func(ctx context.Context, used int), ok bool, err error)
}

// Exchange is one request to a model, as it left the house, and its answer, as it came.
type Exchange struct {
	Model     string
	Asked     string // what the customer wrote in the burst, as the model was shown it: masked, where it was masked
	Sent      string // all that left, but for the instructions, which are the same for all
	Answered  string // "" if there was no answer
	Failure   string // why there was none, as a word of metrics; "" if there was one
	TokensIn  int
	TokensOut int
}
