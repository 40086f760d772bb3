package engine

// InboundUseCases applies what customers send. There is one value for each batch, the events that one transaction
// applies.
type InboundUseCases struct {
	*Writer
	opt       InboundOptions
	workflow  *WorkflowUseCases
	replies   *ReplyUseCases
	templates *TemplateUseCases
	Receipts  *Receipts
	elsewhere *elsewhere
}

// Receipts applies reports about replies: results of attempts to send them, providers' receipts, and copies of our own
// messages that arrive in a mailbox.
type Receipts struct {
	*Writer
	replies   *ReplyUseCases
	speech    *SpeechUseCases
	templates *TemplateUseCases
	intake    *InboundUseCases
}

// elsewhere applies answers that were sent to customers without Parley.
type elsewhere struct {
	*Writer
	workflow *WorkflowUseCases
	replies  *ReplyUseCases
	intake   *InboundUseCases
}

// InboundOptions configure how this process handles messages.
type InboundOptions struct {
	Analyses bool // analyse what customers write
}

// NewInbound returns the use cases, which call those of the other packages.
func NewInbound(
	tw *Writer, wf *WorkflowUseCases, rs *ReplyUseCases, sp *SpeechUseCases, ts *TemplateUseCases, o InboundOptions,
) *InboundUseCases {
	it := &InboundUseCases{Writer: tw, workflow: wf, replies: rs, templates: ts, opt: o}
	it.Receipts = &Receipts{Writer: tw, replies: rs, speech: sp, templates: ts, intake: it}
	it.elsewhere = &elsewhere{Writer: tw, workflow: wf, replies: rs, intake: it}
	return it
}
