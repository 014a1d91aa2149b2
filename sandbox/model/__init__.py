"""A language model that speaks OpenAI's API and whose opinion is a rule."""
