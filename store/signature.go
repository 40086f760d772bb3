package store

// RichSignature is a signature with HTML, beside its Markdown.
type RichSignature struct {
	Source   string             `json:"source"` // as it stands in parley.yaml
	HTML     string             `json:"html"`   // sanitised
	Pictures []SignaturePicture `json:"pictures,omitempty"`
}

// SignaturePicture is a picture that a signature's HTML shows.
type SignaturePicture struct {
	ContentID   string `json:"id"`   // by which the HTML names it: <img src="cid:ID">
	From        string `json:"from"` // the file or address that it was read from; empty if its bytes are in Source
	Name        string `json:"name"`
	ContentType string `json:"type"`
	SizeBytes   int64  `json:"size"`
	Blob        string `json:"blob"`
}
