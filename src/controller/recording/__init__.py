"""Writes down what AWS answers, with ids and account masked."""
