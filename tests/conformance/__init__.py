"""What a Dify server does with each operation, tried through difypool."""
