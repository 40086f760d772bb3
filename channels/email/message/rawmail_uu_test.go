package message

import "testing"

// CutUUFiles takes whole uuencoded files out of a text, and nothing else.
func TestCutUUFiles(t *testing.T) {
	t.Parallel()
	const code = "%:&5L;&\\\n`\n"
	tests := []struct{ name, in, rest, file string }{
		{name: "a file", in: "above\nbegin 644 a b.txt\n" + code + "end\nbelow\n", rest: "above\nbelow\n", file: "a b.txt: hello"},
		{name: "ends of lines as in mails", in: "begin 0644 a\r\n%:&5L;&\\\r\n`\r\nend\r\nbelow", rest: "below", file: "a: hello"},
		{name: "no line of no bytes", in: "begin 644 a\n%:&5L;&\\\nend", file: "a: hello"},
		{name: "no end", in: "begin 644 a\n" + code, rest: "begin 644 a\n" + code},
		{name: "no bytes", in: "begin 644 a\n`\nend\n", rest: "begin 644 a\n`\nend\n"},
		{name: "words", in: "begin 644 times\nand see the\nend\n", rest: "begin 644 times\nand see the\nend\n"},
		{name: "a line that is too short", in: "begin 644 a\n%:&5\nend\n", rest: "begin 644 a\n%:&5\nend\n"},
		{name: "quoted", in: "> begin 644 a\n> %:&5L;&\\\n> end\n", rest: "> begin 644 a\n> %:&5L;&\\\n> end\n"},
		{name: "behind the beginning of another one", in: "begin 644 a\nbegin 644 b\n" + code + "end\n", rest: "begin 644 a\n", file: "b: hello"},
	}

	for _, tt := range tests {
		rest, files := CutUUFiles([]byte(tt.in))
		file := ""
		for _, f := range files {
			file += f.Name + ": " + string(f.Content)
		}
		if string(rest) != tt.rest || file != tt.file {
			t.Errorf("%s: got the text %q and the files %q, want %q and %q", tt.name, rest, file, tt.rest, tt.file)
		}
	}
}
