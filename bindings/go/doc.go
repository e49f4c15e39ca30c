// Package difypool is a client of the machine's difypool service, which holds the warm connections to Dify servers and
// all policy: retries, pacing, breakers, the proof of writes. Here is what a program needs to talk to it, and no more.
//
//	client, err := difypool.New(difypool.Options{BaseURL: "https://api.dify.ai/v1", APIKey: key})
//	if err != nil { … }
//	defer client.Close()
//	reply, err := client.Documents.CreateByText(ctx, difypool.DocumentsCreateByTextParams{
//		DatasetID: id, Name: "guide.md", Text: text,
//	})
//
// A Client serves any number of goroutines over one connection; it looks for the service, and starts it if need be, at
// the first call. The deadline of a call's context is the call's own at the service and at the server; ending the context
// cancels what is safe to cancel there. A write is never carried out twice because a connection was lost.
//
// Every error of a call is an [*Error]: errors.Is(err, difypool.NotFound) asks for its kind, errors.As gives all of it.
//
// Linux only, as the service is.
package difypool
