import type { ModelConfig } from './config/training.ts';
import type { PipelineConfig } from './config.ts';

/** A model learns from the LLM environment. */
export const readsEnvironment = ({ lea }: Pick<ModelConfig, 'lea'>): boolean =>
  lea !== undefined && lea.actions !== 'neighbours';

/** Some model learns from the LLM environment. */
export const usesEnvironment = ({ training }: PipelineConfig): boolean =>
  training.models.some(readsEnvironment);

/** Some model knows its items by their texts, so that each of them needs a vector. */
export const usesTexts = ({ training }: PipelineConfig): boolean =>
  training.models.some((model) => model.text !== undefined);

/** Vectors are read by the base model; TF-IDF needs none. */
export const encodesWithModel = ({ environment }: PipelineConfig): boolean =>
  environment.itemVectors.encoder !== 'tfidf';

/** Some job reads the base model's folder. */
export const needsBaseModel = (config: PipelineConfig): boolean =>
  usesEnvironment(config) || (usesTexts(config) && encodesWithModel(config));

/**
 * A training may begin from weights of an earlier night. Not with texts or coded items: the map of their vectors, and the codes, may
 * be others tonight, and what was learned for them would mean something else. Nor with an actor: it would wait for its warm-up again.
 */
export const mayBeginWarm = ({
  text,
  itemCodes,
  objective,
}: Pick<ModelConfig, 'text' | 'itemCodes' | 'objective'>): boolean =>
  text === undefined && itemCodes === undefined && objective !== 'sac' && objective !== 'sa2c';
