package rest

import (
	"errors"
	"io"
	"mime"
	"net/http"
)

// formLimit is how much of a form is held in memory, in bytes; the rest waits in a file.
const formLimit = 1 << 20

// IsForm tells whether the body says that it is a form with files.
func (r *Request) IsForm() bool {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return media == "multipart/form-data"
}

// File is what a form has under a name: a file, or a field that is sent without a name of a file.
// http.ErrMissingFile where it has neither.
func (r *Request) File(name string) ([]byte, error) {
	if err := r.ParseMultipartForm(formLimit); err != nil {
		return nil, err
	}
	defer r.MultipartForm.RemoveAll()
	if field := r.MultipartForm.Value[name]; len(field) > 0 {
		return []byte(field[0]), nil
	}
	file, _, err := r.FormFile(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(file)
}

// FileTexts reads a JSON object of texts that a form has as its file. Whatever is not one is refused.
func (r *Request) FileTexts() (map[string]string, error) {
	data, err := r.File("file")
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return nil, err
	}
	if err != nil {
		return nil, errForm
	}
	o, err := Check("map<str>", data)
	if err != nil || o == nil {
		return nil, errFile
	}
	return decode[map[string]string](o)
}
