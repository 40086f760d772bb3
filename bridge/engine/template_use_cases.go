package engine

// TemplateUseCases applies the verbs about templates in one batch.
type TemplateUseCases struct {
	*Writer
	replies *ReplyUseCases
	speech  *SpeechUseCases
}

// NewTemplate makes the use cases of a batch.
func NewTemplate(tw *Writer, rs *ReplyUseCases, sp *SpeechUseCases) *TemplateUseCases {
	return &TemplateUseCases{tw, rs, sp}
}
