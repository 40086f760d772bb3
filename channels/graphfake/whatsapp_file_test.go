package graphfake

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/textproto"
)

// upload uploads a file and returns status and body.
func (m *meta) upload(kind string, content []byte) (int, string) {
	m.t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	_ = w.WriteField("messaging_product", "whatsapp")
	_ = w.WriteField("type", kind)
	part, _ := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="a"`}, "Content-Type": {kind}})
	_, _ = part.Write(content)
	_ = w.Close()
	return m.request(http.MethodPost, "/v26.0/1055/media", "T", w.FormDataContentType(), &form)
}
