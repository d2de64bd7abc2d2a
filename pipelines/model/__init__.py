"""The language model: loading it, speaking its chat template, and running it over packed documents."""
