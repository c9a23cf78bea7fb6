import * as tf from '@tensorflow/tfjs-core';
import { dataTypes } from './graph-definition.ts';
import { nativeBackend } from './native-backend.ts';
import type { ElementType } from './specification.ts';

/** Makes a tensor whose values nobody looks at: whatever its memory held, which is not touched. */
export type MakeBlank = (shape: readonly number[], dtype?: ElementType) => tf.Tensor;

/** Of the native backend as it is now: operations that it is told of later are not seen by those who listen then. */
export function blankMaker(): MakeBlank {
  const backend = nativeBackend();
  const execute = backend.executeSingleOutput.bind(backend);
  const { TF_ATTR_TYPE, TF_ATTR_BOOL } = backend.binding;
  return (shape, dtype = 'float32') => {
    const size = tf.tensor1d([...shape], 'int32');
    const blank = execute(
      'Empty',
      [
        { name: 'dtype', type: TF_ATTR_TYPE, value: dataTypes[dtype] },
        { name: 'init', type: TF_ATTR_BOOL, value: false },
      ],
      [size],
    );
    size.dispose();
    return blank;
  };
}
